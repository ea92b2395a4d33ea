"""What a table is: columns, grain, replace key, partitioning."""

from dataclasses import dataclass, field
from typing import Literal

from genai_finops.schemas.types import LogicalType

Layer = Literal["landing", "reference", "resources", "prices", "flows", "unified", "focus", "attribution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its logical type and the constraints that every engine enforces."""

    name: str
    type: LogicalType
    description: str
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. The description starts with the grain.

    `grain` is unique within the table. `replace_key` names the columns whose values one write replaces as a whole.
    """

    name: str
    layer: Layer
    description: str
    columns: tuple[Column, ...]
    grain: tuple[str, ...]
    replace_key: tuple[str, ...] = ()
    partition_by: str | None = None
    cluster_by: tuple[str, ...] = ()
    #: Set on tables that a dbt model builds: the folder below dbt_project/models.
    model_folder: str | None = None
    tags: tuple[str, ...] = field(default=())
    #: Set on landing tables whose old days move to `archive/`, where they are read like the others.
    is_archived: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise ValueError(f"table {self.name}: columns declared twice: {', '.join(duplicates)}")
        declared = (*self.grain, *self.replace_key, *self.cluster_by)
        missing = sorted({name for name in declared if name not in names})
        if missing:
            raise ValueError(f"table {self.name}: keys name columns that do not exist: {', '.join(missing)}")

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")
