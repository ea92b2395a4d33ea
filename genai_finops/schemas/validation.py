"""Checks a collected polars frame against a table, value by value.

pandera skips every value check on a LazyFrame and reports success: only a DataFrame is accepted here.
Nothing is coerced, so that a drift of the provider's types is seen where it happens.
"""

import functools
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrors

from genai_finops.errors import FinopsError
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.types import TYPES

_MAX_REPORTED = 5


class InvalidFrameError(FinopsError):
    """A frame breaks the constraints of its table. The message names field, value and page."""


def empty_frame(table: Table) -> pl.DataFrame:
    """A frame of the table's shape without rows."""
    return pl.DataFrame(schema={column.name: TYPES[column.type].polars for column in table.columns})


@functools.cache
def pandera_schema(table: Table) -> pa.DataFrameSchema:
    """The table as a strict pandera schema for polars."""
    return pa.DataFrameSchema(
        {column.name: _pandera_column(column) for column in table.columns},
        strict=True,
        ordered=True,
        coerce=False,
        unique=list(table.grain),
        name=table.name,
    )


def _pandera_column(column: Column) -> pa.Column:
    checks = []
    if column.allowed:
        checks.append(pa.Check.isin(column.allowed))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.pattern is not None:
        checks.append(pa.Check.str_matches(column.pattern))
    return pa.Column(TYPES[column.type].polars, checks=checks, nullable=column.nullable, name=column.name)


def validate(table: Table, frame: pl.DataFrame, *, subject: str) -> pl.DataFrame:
    """The frame itself, when it fits the table.

    Raises TypeError for anything but a collected DataFrame, and InvalidFrameError that lists up to five broken
    constraints with field, value and, where the table has one, raw page.
    """
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"{subject}: value checks need a collected DataFrame, not {type(frame).__name__}")
    try:
        with config_context(validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            pandera_schema(table).validate(frame, lazy=True)
    except SchemaErrors as failure:
        raise InvalidFrameError(
            f"{subject}: {table.name} refuses {len(failure.failure_cases)} value(s): {_describe(failure, frame)}",
            remedy="compare the named raw page with the provider's documentation; nothing stored was changed",
        ) from None
    return frame


def _describe(failure: SchemaErrors, frame: pl.DataFrame) -> str:
    return "; ".join(_describe_case(case, frame) for case in failure.failure_cases.head(_MAX_REPORTED).to_dicts())


def _describe_case(case: dict[str, Any], frame: pl.DataFrame) -> str:
    text = f"{case['column']}={case['failure_case']!r} breaks {case['check']}"
    row = case.get("index")
    if row is not None and "x_raw_page" in frame.columns and row < frame.height:
        text += f" (page {frame['x_raw_page'][int(row)]})"
    return text
