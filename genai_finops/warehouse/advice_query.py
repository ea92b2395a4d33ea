"""The query behind a figure: run as it is, or printed with its parameters as literals of an engine."""

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.settings import Target
from genai_finops.warehouse.base import ReadOnlyWarehouse

Parameter = str | int | Decimal | dt.date
_TYPES: Mapping[str, Callable[[str], Parameter]] = {
    "text": str,
    "number": int,
    "decimal": Decimal,
    "day": dt.date.fromisoformat,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceQuery:
    """SQL that both engines read alike, in which `?` stands for a parameter and for nothing else.

    It gives one row whose last column is what is saved in the period, in the advice's currency.
    """

    sql: str
    parameters: tuple[Parameter, ...]

    def row(self, warehouse: ReadOnlyWarehouse) -> tuple[Any, ...]:
        """The row that it gives."""
        return warehouse.rows(self.sql, self.parameters)[0]

    def printed(self, target: Target = "duckdb") -> str:
        """The query as text that the engine's own client runs, and that gives the same."""
        parts = textwrap.dedent(self.sql).strip().split("?")
        literals = [_literal(parameter, target) for parameter in self.parameters]
        return "".join(part + literal for part, literal in zip(parts, [*literals, ""], strict=True))

    def stored_parameters(self) -> list[dict[str, str]]:
        """The parameters as texts with their types."""
        return [{"type": _type_name(value), "value": str(value)} for value in self.parameters]

    @classmethod
    def from_stored(cls, sql: str, parameters: Sequence[dict[str, str]]) -> "AdviceQuery":
        """The query whose stored_parameters these are."""
        values = tuple(_TYPES[stored["type"]](stored["value"]) for stored in parameters)
        return cls(sql=sql, parameters=values)


def _type_name(value: Parameter) -> str:
    if isinstance(value, dt.date):
        return "day"
    return {str: "text", int: "number", Decimal: "decimal"}[type(value)]


def _literal(value: Parameter, target: Target) -> str:
    if isinstance(value, str):
        if target == "bigquery":
            escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
            return f"'{escaped}'"
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, dt.date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, Decimal):
        # A literal with a point is binary on BigQuery.
        return f"bignumeric '{value:f}'" if target == "bigquery" else f"{value:f}"
    return str(value)
