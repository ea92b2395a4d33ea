"""The datasets of FOCUS 1.3 as other versions of the specification have them, as far as their columns are known.

Known are the columns that 1.3 introduced, those that it deprecated and 1.4 no longer has, and the properties of
SkuPriceDetails that 1.4 defines. docs/focus-mapping.md says what is not.
"""

from dataclasses import dataclass, replace
from typing import Literal

from genai_finops.errors import FinopsError
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3, DEPRECATED_COLUMNS
from genai_finops.schemas.tables.focus_allocated import COST_DATA_STANDARD_1_3_ALLOCATED
from genai_finops.schemas.tables.focus_contracts import CONTRACT_COMMITMENT_1_3

FocusVersion = Literal["1.2", "1.3", "1.4"]
DatasetId = Literal["CostAndUsage", "ContractCommitment"]

_TABLES: dict[DatasetId, Table] = {
    "CostAndUsage": COST_DATA_STANDARD_1_3,
    "ContractCommitment": CONTRACT_COMMITMENT_1_3,
}
#: Columns of Cost and Usage that are new in 1.3.
_NEW_IN_1_3 = frozenset(
    {
        *(
            "AllocatedMethodDetails",
            "AllocatedMethodId",
            "AllocatedResourceId",
            "AllocatedResourceName",
            "AllocatedTags",
        ),
        *("ContractApplied", "HostProviderName", "ServiceProviderName"),
    }
)
#: Properties of SkuPriceDetails that 1.4 defines itself; their values stay.
_DEFINED_IN_1_4 = ("ModelDeveloper", "ModelFamily", "ModelId", "TokenDirection", "TokenCacheAction", "ServingScope")


@dataclass(frozen=True, slots=True)
class Projection:
    """A dataset in one version: the columns that are delivered, and the expression over the table of 1.3 for each."""

    version: FocusVersion
    dataset: DatasetId
    #: Columns as they are delivered; its name is that of the table of 1.3.
    table: Table
    expressions: tuple[str, ...]

    @property
    def select_list(self) -> str:
        return ", ".join(self.expressions)


def has_dataset(version: FocusVersion, dataset: DatasetId) -> bool:
    """Whether the version knows the dataset: Contract Commitment came with 1.3."""
    return dataset == "CostAndUsage" or version != "1.2"


def projection(version: FocusVersion, dataset: DatasetId = "CostAndUsage", *, is_allocated: bool = False) -> Projection:
    """The dataset as the version has it; allocated with the parts of split charges in place of the charges.

    Raises FinopsError when the version has no such dataset, or cannot say how charges were split.
    """
    if not has_dataset(version, dataset):
        raise FinopsError(f"FOCUS {version} has no dataset {dataset}", remedy="ask for version 1.3 or later")
    if is_allocated and version == "1.2":
        raise FinopsError(
            "FOCUS 1.2 has no columns that say how a charge was split", remedy="ask for version 1.3 or later"
        )
    table = COST_DATA_STANDARD_1_3_ALLOCATED if is_allocated else _TABLES[dataset]
    dropped = {"1.2": _NEW_IN_1_3, "1.3": frozenset[str](), "1.4": DEPRECATED_COLUMNS}[version]
    delivered = replace(table, columns=tuple(column for column in table.columns if column.name not in dropped))
    return Projection(
        version, dataset, delivered, tuple(_expression(column.name, version) for column in delivered.columns)
    )


def _expression(column: str, version: FocusVersion) -> str:
    if (column, version) != ("SkuPriceDetails", "1.4"):
        return column
    renamed = column
    for key in _DEFINED_IN_1_4:
        # A quote inside a value is escaped, so that no value holds the text of a key.
        renamed = f"""replace({renamed}, '"x_{key}":', '"{key}":')"""
    return f"{renamed} as {column}"
