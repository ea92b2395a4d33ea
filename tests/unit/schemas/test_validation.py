"""One bad value for each kind of constraint: pandera must see it on a collected frame."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.validation import InvalidFrameError, empty_frame, validate

TABLE = Table(
    name="charges",
    layer="landing",
    description="One row per id.",
    columns=(
        Column(name="id", type="string", description="Id.", pattern=r"^[a-z]+$"),
        Column(name="kind", type="string", description="Kind.", allowed=("usage", "tax")),
        Column(name="quantity", type="quantity", description="Quantity.", minimum=0),
        Column(name="note", type="string", description="Note.", nullable=True),
        Column(name="at", type="timestamp", description="Moment."),
    ),
    grain=("id",),
)
GOOD = {
    "id": "a",
    "kind": "usage",
    "quantity": Decimal("1.5"),
    "note": None,
    "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
}


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{**GOOD, **row} for row in rows], schema=empty_frame(TABLE).schema)


def test_a_good_frame_comes_back_unchanged() -> None:
    rows = frame({}, {"id": "b"})
    assert validate(TABLE, rows, subject="s").equals(rows)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"id": "A1"}, "id='A1'", id="pattern"),
        pytest.param({"kind": "refund"}, "kind='refund'", id="allowed values"),
        pytest.param({"quantity": Decimal("-0.000001")}, "quantity=", id="minimum"),
        pytest.param({"id": None}, "id=", id="not null"),
    ],
)
def test_a_bad_value_is_refused_and_named(change: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidFrameError, match=named):
        validate(TABLE, frame(change), subject="s")


def test_two_rows_of_one_key_are_refused() -> None:
    with pytest.raises(InvalidFrameError, match="id"):
        validate(TABLE, frame({}, {}), subject="s")


def test_a_float_is_not_taken_for_a_decimal() -> None:
    with pytest.raises(InvalidFrameError, match="quantity"):
        validate(TABLE, frame({}).with_columns(pl.col("quantity").cast(pl.Float64)), subject="s")


def test_a_column_that_is_not_declared_is_refused() -> None:
    with pytest.raises(InvalidFrameError, match="extra"):
        validate(TABLE, frame({}).with_columns(extra=pl.lit(1)), subject="s")


def test_a_lazy_frame_is_refused_because_its_values_would_not_be_checked() -> None:
    with pytest.raises(TypeError, match="LazyFrame"):
        validate(TABLE, frame({"quantity": Decimal(-1)}).lazy(), subject="s")  # type: ignore[arg-type]


def test_the_report_names_the_raw_page_of_the_bad_row() -> None:
    table = Table(
        name="t",
        layer="landing",
        description="One row.",
        columns=(*TABLE.columns, Column(name="x_raw_page", type="string", description="Page.")),
        grain=("id",),
    )
    rows = frame({}, {"id": "b", "quantity": Decimal(-1)}).with_columns(x_raw_page=pl.Series(["p1", "p2"]))
    with pytest.raises(InvalidFrameError, match=r"page p2"):
        validate(table, rows, subject="s")


def test_a_table_refuses_keys_that_name_no_column() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Table(name="t", layer="landing", description="One row.", columns=TABLE.columns, grain=("nowhere",))
