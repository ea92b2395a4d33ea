"""A table's columns as the Dagster UI shows them."""

import dagster as dg

from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.types import TYPES


def column_schema(table: Table) -> dg.TableSchema:
    """Names, types of the lake, descriptions and constraints."""
    return dg.TableSchema(columns=[_column(table, column) for column in table.columns])


def _column(table: Table, column: Column) -> dg.TableColumn:
    rules = [f"one of: {', '.join(column.allowed)}"] if column.allowed else []
    rules += [f"at least {column.minimum}"] if column.minimum is not None else []
    rules += ["part of the key"] if column.name in table.grain else []
    return dg.TableColumn(
        name=column.name,
        type=str(TYPES[column.type].polars),
        description=column.description,
        constraints=dg.TableColumnConstraints(nullable=column.nullable, other=rules),
    )
