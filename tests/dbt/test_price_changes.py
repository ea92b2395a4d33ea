"""What the book learnt, told as changes: every day whose rate is another one since, and no other day."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.pricing.book import RATE_KEY, as_known, revise
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.schemas.tables.price_audit import CHANGES
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.transform import dbt_build

MONDAYS = [dt.datetime(2026, 10, day, 4, tzinfo=dt.UTC) for day in (5, 12, 19, 26)]
FIRST = dt.date(2026, 1, 1)
KEY = (*RATE_KEY, "context_tokens_above", "context_tokens_up_to")
VALUE = ("currency", "unit_price", "discount_percentage", "free_tier_quantity", "free_tier_reset_frequency")


def rate(model: str, price: str | None, first: dt.date | None = FIRST, **columns: Any) -> StatedRate:
    """A price of output, or what the columns say."""
    unit_price = None if price is None else Decimal(price)
    return StatedRate(
        provider="toy", model_id=model, meter="output", unit_price=unit_price, valid_from=first, **columns
    )


#: A price list that covers history, told four times.
CATALOGUE = (
    (
        rate("dearer", "10"),
        rate("cheaper", "0.3"),
        rate("free once", "0"),
        rate("announced", "1"),
        rate("corrected", "5", dt.date(2026, 6, 1)),
        rate("same", "7"),
        rate("banded", "2", context_tokens_up_to=200_000),
        rate("banded", "4", context_tokens_above=200_000),
    ),
    (
        rate("dearer", "10", valid_to=dt.date(2026, 10, 12)),
        rate("dearer", "12.5", dt.date(2026, 10, 12)),
        rate("cheaper", "0.1"),
        rate("free once", "1"),
        rate("announced", "1", valid_to=dt.date(2027, 1, 1)),
        rate("announced", "2", dt.date(2027, 1, 1)),
        rate("corrected", "5", dt.date(2026, 8, 1)),
        rate("same", "7"),
        rate("banded", "2", context_tokens_up_to=200_000),
        rate("banded", "3", context_tokens_above=200_000),
    ),
    (
        rate("new", "1", dt.date(2026, 10, 20)),
        rate("announced", "1", valid_to=dt.date(2026, 12, 1)),
        rate("banded", "2"),
    ),
    (rate("dearer", "10"), rate("new", None, discount_percentage=Decimal(5), pricing_type="negotiated")),
)
#: A list that names no days, and one that withdraws what it no longer says.
UNDATED = ((rate("undated", "1", None),), (rate("undated", "1", None),), (rate("undated", "3", None),))
SEED = ((rate("seeded", "1"), rate("kept", "2")), (rate("kept", "2"),))


@pytest.fixture(scope="module")
def book() -> pl.DataFrame:
    """The book after all statements."""
    found = empty_frame(PRICE_BOOK)
    for source, told in (("genai-prices", CATALOGUE), ("litellm", UNDATED), ("list_prices", SEED)):
        for moment, rates in zip(MONDAYS, told, strict=False):
            found = revise(
                found,
                Statement(
                    source=source,
                    source_version=f"{moment:%d}",
                    retrieved_at=moment,
                    rates=rates,
                    is_complete=source == "list_prices",
                ),
            )
    return found


@pytest.fixture(scope="module")
def changes(module_toy_lake: Any, toy: Any, book: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of genai_price_changes."""
    module_toy_lake.write_reference(genai_price_book=book.to_dicts())
    module_toy_lake.land([])
    dbt_build(module_toy_lake.settings, window=None, select=["genai_price_changes"])
    rows = toy.query(module_toy_lake.settings, "select * from genai_price_changes")
    return [dict(zip([column.name for column in CHANGES.columns], row, strict=True)) for row in rows]


def values_by_day(book: pl.DataFrame, moment: dt.datetime) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What the book says at a moment of each rate on each day that is watched."""
    return {
        (row["source"], *(row[name] for name in KEY), day): tuple(row[name] for name in VALUE)
        for row in as_known(book, moment).iter_rows(named=True)
        for day in watched_days()
        if row["valid_from"] <= day < (row["valid_to"] or dt.date.max)
    }


def watched_days() -> Iterator[dt.date]:
    """Every day of the two years of all validities above."""
    return (FIRST + dt.timedelta(days=number) for number in range(760))


@pytest.mark.parametrize("moment", MONDAYS[1:], ids=str)
def test_a_day_is_in_a_change_exactly_if_the_book_says_something_else_of_it_since(
    moment: dt.datetime, book: pl.DataFrame, changes: list[dict[str, Any]]
) -> None:
    before = values_by_day(book, moment - dt.timedelta(microseconds=1))
    after = values_by_day(book, moment)
    told = {
        (row["source"], *(row[name] for name in KEY), day): (
            None if row["change"] == "added" else tuple(row[f"old_{name}"] for name in VALUE),
            None if row["change"] in {"ended", "withdrawn"} else tuple(row[f"new_{name}"] for name in VALUE),
        )
        for row in changes
        if row["known_at"] == moment
        for day in watched_days()
        if row["valid_from"] <= day < (row["valid_to"] or dt.date.max)
    }
    differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert told == {key: (before.get(key), after.get(key)) for key in differing}


def test_what_a_source_says_first_is_no_change(changes: list[dict[str, Any]]) -> None:
    assert {row["known_at"] for row in changes} == set(MONDAYS[1:])


@pytest.mark.parametrize(
    ("model", "moment", "told"),
    [
        # 10 -> 12.5 is a quarter more, from the day on that the list names.
        ("dearer", 1, [("changed", dt.date(2026, 10, 12), None, Decimal(10), Decimal("12.5"), Decimal(25))]),
        # 0.3 -> 0.1 is two thirds less: 66.6666666666... %.
        ("cheaper", 1, [("changed", FIRST, None, Decimal("0.3"), Decimal("0.1"), Decimal("-66.666666667"))]),
        ("free once", 1, [("changed", FIRST, None, Decimal(0), Decimal(1), None)]),
        ("announced", 1, [("changed", dt.date(2027, 1, 1), None, Decimal(1), Decimal(2), Decimal(100))]),
        ("corrected", 1, [("withdrawn", dt.date(2026, 6, 1), dt.date(2026, 8, 1), Decimal(5), None, None)]),
        ("same", 1, []),
        ("new", 2, [("added", dt.date(2026, 10, 20), None, None, Decimal(1), None)]),
        (
            "announced",
            2,
            [
                ("ended", dt.date(2026, 12, 1), dt.date(2027, 1, 1), Decimal(1), None, None),
                ("withdrawn", dt.date(2027, 1, 1), None, Decimal(2), None, None),
            ],
        ),
        # A list without days says nothing of the days before it was read.
        ("undated", 2, [("changed", dt.date(2026, 10, 19), None, Decimal(1), Decimal(3), Decimal(200))]),
        ("seeded", 1, [("withdrawn", FIRST, None, Decimal(1), None, None)]),
        ("kept", 1, []),
    ],
)
def test_a_change_is_told_with_its_days_and_both_prices(
    model: str, moment: int, told: list[tuple[Any, ...]], changes: list[dict[str, Any]]
) -> None:
    columns = ("change", "valid_from", "valid_to", "old_unit_price", "new_unit_price", "change_percentage")
    found = [row for row in changes if (row["model_id"], row["known_at"]) == (model, MONDAYS[moment])]
    assert [tuple(row[name] for name in columns) for row in sorted(found, key=lambda row: row["valid_from"])] == told


def test_a_change_names_the_versions_and_validities_of_both_rates(changes: list[dict[str, Any]]) -> None:
    [row] = [row for row in changes if (row["model_id"], row["known_at"]) == ("dearer", MONDAYS[1])]
    names = ("source_version", "valid_from", "valid_to")
    assert [row[f"old_{name}"] for name in names] == ["05", FIRST, None]
    assert [row[f"new_{name}"] for name in names] == ["12", dt.date(2026, 10, 12), None]


def test_a_build_as_known_earlier_knows_no_later_change(module_toy_lake: Any, toy: Any, changes: list[Any]) -> None:
    dbt_build(
        module_toy_lake.settings,
        window=None,
        select=["genai_price_changes"],
        variables={"prices_known_at": MONDAYS[1].isoformat()},
    )
    known = toy.query(module_toy_lake.settings, "select distinct known_at from genai_price_changes")
    assert known == [(MONDAYS[1],)]
