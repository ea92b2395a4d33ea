"""The book of capacity prices: what each statement ends and begins, and what it refuses."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.knowledge import as_known, believed
from genai_finops.pricing.sources.statement import CapacityRate, Statement
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.validation import empty_frame

MONDAY = dt.datetime(2026, 11, 2, 4, tzinfo=dt.UTC)
NEXT_MONDAY = MONDAY + dt.timedelta(days=7)
EMPTY = empty_frame(CAPACITY_PRICE_BOOK)
PTU = CapacityRate(
    provider="azure_openai",
    meter="ptu_hour",
    scope="global",
    unit_price=Decimal(1),
    valid_from=dt.date(2026, 1, 1),
    source_reference="a page",
)
YEAR = replace(PTU, purchase_option="commitment", term="P1Y", price_period="term", unit_price=Decimal(2652))


def told(*rates: CapacityRate, at: dt.datetime = MONDAY, **more: Any) -> Statement:
    options: dict[str, Any] = {"source": "azure_retail", "source_version": "1", "covers_history": False} | more
    return Statement(retrieved_at=at, rates=(), capacity_rates=rates, **options)


def revised(*statements: Statement) -> pl.DataFrame:
    book = EMPTY
    for statement in statements:
        book = revise_capacity_book(book, statement).frame
    return book


def spans(frame: pl.DataFrame) -> list[tuple[str, str | None, str]]:
    """First and last day and price of what is believed."""
    rows = believed(frame).sort("valid_from", "unit_price").iter_rows(named=True)
    return [
        (str(row["valid_from"]), row["valid_to"] and str(row["valid_to"]), f"{row['unit_price'].normalize():f}")
        for row in rows
    ]


def test_a_price_stated_again_stays_as_it_was_whatever_day_the_list_now_gives_it() -> None:
    later = replace(PTU, valid_from=dt.date(2026, 11, 9), source_reference="another page")

    revision = revise_capacity_book(revised(told(PTU)), told(later, at=NEXT_MONDAY, source_version="2"))

    assert (revision.opened, revision.closed, revision.unchanged) == (0, 0, 1)
    assert revision.frame["source_version"].to_list() == ["1"]


def test_a_new_price_of_a_list_ends_the_one_before_on_its_first_day() -> None:
    raised = replace(PTU, unit_price=Decimal("1.2"), valid_from=dt.date(2026, 11, 5))

    book = revised(told(PTU), told(raised, at=NEXT_MONDAY))

    assert spans(book) == [("2026-01-01", "2026-11-05", "1"), ("2026-11-05", None, "1.2")]


def test_what_was_known_before_a_revision_is_still_known_to_have_been() -> None:
    first = revised(told(PTU))
    book = revise_capacity_book(first, told(replace(PTU, unit_price=Decimal(2)), at=NEXT_MONDAY)).frame

    assert as_known(book, MONDAY).equals(first.select(book.columns))


def test_a_price_without_a_day_holds_from_its_first_sight() -> None:
    assert spans(revised(told(replace(PTU, valid_from=None)))) == [("2026-11-02", None, "1")]


def test_a_list_that_no_longer_names_a_key_keeps_it() -> None:
    assert len(spans(revised(told(PTU, YEAR), told(PTU, at=NEXT_MONDAY)))) == 2


def test_a_seed_that_no_longer_names_a_key_withdraws_it() -> None:
    seed: dict[str, Any] = {"source": "capacity_prices", "is_complete": True, "covers_history": True}

    assert spans(revised(told(PTU, YEAR, **seed), told(PTU, at=NEXT_MONDAY, **seed))) == [("2026-01-01", None, "1")]


def test_two_prices_of_one_key_and_day_are_refused() -> None:
    dearer = replace(PTU, unit_price=Decimal(3), valid_from=dt.date(2026, 2, 1))

    with pytest.raises(FinopsError, match=r"two prices of one key overlap: azure_openai ptu_hour global.*1 USD.*3 USD"):
        revised(told(PTU, dearer))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"meter": "uncached_input"}, "meter is 'uncached_input', none of ptu_hour"),
        ({"scope": "zonal"}, "scope is 'zonal', none of global"),
        ({"confidence": "sure"}, "confidence is 'sure'"),
        ({"currency": "usd"}, "currency 'usd' is not three capitals"),
        ({"unit_price": Decimal(-1)}, "unit_price -1 is negative"),
        ({"unit_price": Decimal("1E-13")}, "more than 12 decimals"),
        ({"term": "P1Y"}, "given exactly with purchase_option commitment"),
        ({"purchase_option": "commitment"}, "given exactly with purchase_option commitment"),
        ({"payment": "monthly"}, "there is no commitment that would be paid so"),
        ({"price_period": "term"}, "without a term a price is for an hour"),
        ({"purchase_option": "commitment", "term": "P1W", "price_period": "month"}, "a week has none"),
        ({"variant": "h100"}, "capacity of models has none"),
        ({"meter": "gpu_hour"}, "accelerators and machines have one"),
        ({"meter": "gpu_hour", "variant": "H100"}, "not in lower case"),
        ({"valid_to": dt.date(2026, 1, 1)}, "valid_to 2026-01-01 is not after 2026-01-01"),
    ],
)
def test_a_price_that_cannot_be_meant_is_refused_with_its_rule(change: dict[str, Any], rule: str) -> None:
    with pytest.raises(FinopsError, match=rule):
        revised(told(replace(PTU, **change)))
