"""What the book believes after each statement, and what it once believed."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.book import as_known, check_overlaps, revise, revise_book
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame

EMPTY = empty_frame(PRICE_BOOK)
START = dt.date(2025, 1, 1)
CHANGE = dt.date(2026, 5, 1)
MONDAY = dt.datetime(2026, 11, 2, 4, tzinfo=dt.UTC)
LATER_ON_MONDAY = MONDAY + dt.timedelta(hours=3)
NEXT_MONDAY = MONDAY + dt.timedelta(days=7)


def rate(price: str | None, start: dt.date | None = START, end: dt.date | None = None, **fields: Any) -> StatedRate:
    """A rate of toy-large; keyword arguments override fields."""
    defaults: dict[str, Any] = {"provider": "openai", "model_id": "toy-large", "meter": "uncached_input"}
    value = None if price is None else Decimal(price)
    return StatedRate(**{**defaults, "unit_price": value, "valid_from": start, "valid_to": end, **fields})


def said(*rates: StatedRate, at: dt.datetime = MONDAY, version: str = "1", **fields: Any) -> Statement:
    """A statement of the packaged catalogue; keyword arguments override fields."""
    return Statement(
        **{"source": "genai-prices", "source_version": version, "retrieved_at": at, "rates": rates, **fields}
    )


def history(*statements: Statement) -> pl.DataFrame:
    book = EMPTY
    for statement in statements:
        book = revise(book, statement)
    return book


def believed(book: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Price and validity of what the book holds for true, and further columns."""
    shown = ["unit_price", "valid_from", "valid_to", *columns]
    return book.filter(pl.col("known_to").is_null()).select(shown).sort("valid_from", "unit_price").rows()


def refuse(statements: Sequence[Statement], pattern: str) -> None:
    with pytest.raises(FinopsError, match=pattern):
        history(*statements)


def test_a_first_statement_is_known_from_its_moment_on() -> None:
    assert history(said(rate("2"))).select("known_from", "known_to", "retrieved_at").rows() == [(MONDAY, None, MONDAY)]


def test_every_row_has_the_precedence_of_its_source() -> None:
    assert history(said(rate("2"), source="litellm"))["priority"].to_list() == [70]


def test_a_changed_price_ends_the_old_belief_and_begins_a_new_one() -> None:
    book = history(said(rate("2")), said(rate("3"), at=NEXT_MONDAY))

    assert book.select("unit_price", "known_from", "known_to").sort("known_from").rows() == [
        (Decimal(2), MONDAY, NEXT_MONDAY),
        (Decimal(3), NEXT_MONDAY, None),
    ]


def test_what_was_known_at_an_earlier_moment_is_exactly_what_was_built_then() -> None:
    before = history(said(rate("2"), rate("8", meter="output")))

    after = revise(before, said(rate("3"), at=NEXT_MONDAY))

    assert as_known(after, MONDAY).equals(before)


@pytest.mark.parametrize(
    ("moment", "price"),
    [(MONDAY, Decimal(2)), (NEXT_MONDAY - dt.timedelta(microseconds=1), Decimal(2)), (NEXT_MONDAY, Decimal(3))],
)
def test_a_belief_holds_until_the_moment_of_the_next_one(moment: dt.datetime, price: Decimal) -> None:
    book = history(said(rate("2")), said(rate("3"), at=NEXT_MONDAY))

    assert as_known(book, moment)["unit_price"].to_list() == [price]


def test_before_the_first_statement_nothing_was_known() -> None:
    assert as_known(history(said(rate("2"))), MONDAY - dt.timedelta(microseconds=1)).is_empty()


def test_a_row_that_is_stated_again_keeps_the_version_and_the_moment_of_its_first_sight() -> None:
    first = history(said(rate("2", source_reference="page 1")))

    again = revise(first, said(rate("2", source_reference="page 7"), at=NEXT_MONDAY, version="2"))

    assert again.equals(first)


def test_only_the_rows_that_differ_are_closed_and_opened() -> None:
    book = history(said(rate("2", end=CHANGE), rate("3", CHANGE), rate("8", meter="output")))

    found = revise_book(book, said(rate("2", end=CHANGE), rate("4", CHANGE), at=NEXT_MONDAY))

    assert (found.opened, found.closed, found.unchanged) == (1, 1, 2)


def test_a_key_that_is_no_longer_stated_is_kept() -> None:
    book = history(said(rate("2"), rate("8", meter="output")), said(rate("2"), at=NEXT_MONDAY))

    assert [row[0] for row in believed(book)] == [Decimal(2), Decimal(8)]


def test_a_complete_statement_withdraws_what_it_no_longer_says() -> None:
    book = history(
        said(rate("2"), rate("8", meter="output"), source="list_prices", is_complete=True),
        said(rate("2"), at=NEXT_MONDAY, source="list_prices", is_complete=True),
    )

    assert [row[0] for row in believed(book)] == [Decimal(2)]


def test_all_validities_of_a_stated_key_are_replaced_together() -> None:
    book = history(
        said(rate("2", end=CHANGE), rate("3", CHANGE)),
        said(rate("4"), at=NEXT_MONDAY),
    )

    assert believed(book) == [(Decimal(4), START, None)]


def test_all_bands_of_a_stated_key_are_replaced_together() -> None:
    bands = rate("2", context_tokens_up_to=200_000), rate("4", context_tokens_above=200_000)

    book = history(said(*bands), said(rate("3"), at=NEXT_MONDAY))

    assert believed(book, "context_tokens_above", "context_tokens_up_to") == [(Decimal(3), START, None, 0, None)]


@pytest.mark.parametrize(
    "other",
    [
        {"meter": "output"},
        {"service_tier": "batch"},
        {"geography": "eu"},
        {"variant": "1024x1024"},
        {"x_org_slug": "acme"},
        {"x_genai_account_id": "account-1"},
        {"pricing_type": "negotiated"},
        {"pricing_type": "volume_discount", "volume_threshold_tokens": 1_000_000},
        {"model_id": None},
    ],
    ids=str,
)
def test_a_rate_for_something_else_does_not_touch_what_was_known(other: dict[str, Any]) -> None:
    book = history(said(rate("2")), said(rate("9", **other), at=NEXT_MONDAY))

    assert [row[0] for row in believed(book)] == [Decimal(2), Decimal(9)]


def test_a_key_without_a_model_is_one_key() -> None:
    search: dict[str, Any] = {"model_id": None, "meter": "web_search"}

    book = history(said(rate("10", **search)), said(rate("25", **search), at=NEXT_MONDAY))

    assert [row[0] for row in believed(book)] == [Decimal(25)]


def test_another_source_is_left_alone() -> None:
    book = history(said(rate("2"), source="litellm"), said(rate("3"), at=NEXT_MONDAY))

    assert book.filter(source="litellm")["known_to"].to_list() == [None]


def test_a_source_may_know_less_than_another_already_knows() -> None:
    book = history(said(rate("2"), source="litellm", at=NEXT_MONDAY), said(rate("3"), at=MONDAY))

    assert [row[0] for row in believed(book)] == [Decimal(2), Decimal(3)]


def test_an_undated_rate_holds_from_the_utc_day_of_its_first_sight_and_never_earlier() -> None:
    assert believed(history(said(rate("2", None)))) == [(Decimal(2), MONDAY.date(), None)]


def test_an_undated_rate_that_is_seen_again_goes_on() -> None:
    first = history(said(rate("2", None)))

    assert revise(first, said(rate("2", None), at=NEXT_MONDAY)).equals(first)


def test_an_undated_rate_that_changes_closes_the_old_price_on_the_day_it_was_seen() -> None:
    book = history(said(rate("2", None)), said(rate("3", None), at=NEXT_MONDAY))

    assert believed(book) == [
        (Decimal(2), MONDAY.date(), NEXT_MONDAY.date()),
        (Decimal(3), NEXT_MONDAY.date(), None),
    ]


def test_the_price_that_a_change_closes_keeps_the_version_that_it_was_read_from() -> None:
    book = history(said(rate("2", None)), said(rate("3", None), at=NEXT_MONDAY, version="2"))

    assert [row[3:] for row in believed(book, "source_version", "retrieved_at", "known_from")] == [
        ("1", MONDAY, NEXT_MONDAY),
        ("2", NEXT_MONDAY, NEXT_MONDAY),
    ]


def test_an_undated_price_that_changes_on_the_day_of_its_first_sight_is_corrected() -> None:
    book = history(said(rate("2", None)), said(rate("3", None), at=LATER_ON_MONDAY))

    assert believed(book) == [(Decimal(3), MONDAY.date(), None)]


def test_an_undated_price_that_changes_twice_has_three_spans() -> None:
    third = NEXT_MONDAY + dt.timedelta(days=7)

    book = history(said(rate("2", None)), said(rate("3", None), at=NEXT_MONDAY), said(rate("2", None), at=third))

    assert believed(book) == [
        (Decimal(2), MONDAY.date(), NEXT_MONDAY.date()),
        (Decimal(3), NEXT_MONDAY.date(), third.date()),
        (Decimal(2), third.date(), None),
    ]


def test_an_undated_rate_that_gets_bands_ends_for_all_prompts() -> None:
    bands = rate("2", None, context_tokens_up_to=200_000), rate("4", None, context_tokens_above=200_000)

    book = history(said(rate("3", None)), said(*bands, at=NEXT_MONDAY))

    assert believed(book, "context_tokens_above") == [
        (Decimal(3), MONDAY.date(), NEXT_MONDAY.date(), 0),
        (Decimal(2), NEXT_MONDAY.date(), None, 0),
        (Decimal(4), NEXT_MONDAY.date(), None, 200_000),
    ]


def test_a_band_that_an_undated_statement_no_longer_has_ends_on_the_day_of_the_statement() -> None:
    bands = rate("2", None, context_tokens_up_to=200_000), rate("4", None, context_tokens_above=200_000)

    book = history(said(*bands), said(bands[0], at=NEXT_MONDAY))

    assert believed(book, "context_tokens_above") == [
        (Decimal(2), MONDAY.date(), None, 0),
        (Decimal(4), MONDAY.date(), NEXT_MONDAY.date(), 200_000),
    ]


def test_a_source_that_begins_to_name_days_replaces_the_days_of_first_sight() -> None:
    book = history(said(rate("2", None)), said(rate("2", CHANGE), at=NEXT_MONDAY))

    assert believed(book) == [(Decimal(2), CHANGE, None)]


def test_a_source_that_stops_naming_days_leaves_the_days_that_it_named() -> None:
    book = history(said(rate("2")), said(rate("3", None), at=NEXT_MONDAY))

    assert believed(book) == [(Decimal(2), START, NEXT_MONDAY.date()), (Decimal(3), NEXT_MONDAY.date(), None)]


def test_a_list_of_current_prices_leaves_earlier_days_as_they_were_believed() -> None:
    book = history(
        said(rate("2"), source="azure_retail", covers_history=False),
        said(rate("3", CHANGE), source="azure_retail", covers_history=False, at=NEXT_MONDAY),
    )

    assert believed(book) == [(Decimal(2), START, CHANGE), (Decimal(3), CHANGE, None)]


def test_a_list_of_current_prices_that_dates_the_same_price_anew_changes_nothing() -> None:
    first = history(said(rate("2"), source="azure_retail", covers_history=False))

    again = revise(first, said(rate("2", CHANGE), source="azure_retail", covers_history=False, at=NEXT_MONDAY))

    assert again.equals(first)


def test_a_list_of_current_prices_may_still_correct_earlier_days() -> None:
    book = history(
        said(rate("2"), source="azure_retail", covers_history=False),
        said(rate("3", end=CHANGE), rate("2", CHANGE), source="azure_retail", covers_history=False, at=NEXT_MONDAY),
    )

    assert believed(book) == [(Decimal(3), START, CHANGE), (Decimal(2), CHANGE, None)]


def test_a_price_that_is_announced_closes_the_one_before_it_on_its_day() -> None:
    announced = dt.date(2027, 1, 1)

    book = history(said(rate("2", None)), said(rate("2", None, announced), rate("4", announced), at=NEXT_MONDAY))

    assert believed(book) == [(Decimal(2), MONDAY.date(), announced), (Decimal(4), announced, None)]


def test_two_validities_of_one_key_that_overlap_are_refused_by_name() -> None:
    refuse(
        [said(rate("2", end=CHANGE), rate("3", CHANGE - dt.timedelta(days=1)))],
        "genai-prices: two rates of one key overlap: openai toy-large uncached_input standard global: "
        "unit_price 2.000000000000 USD from 2025-01-01 to 2026-05-01; and .*unit_price 3.*from 2026-04-30 to open",
    )


def test_two_bands_of_one_key_that_overlap_are_refused() -> None:
    refuse([said(rate("2", context_tokens_up_to=200_001), rate("4", context_tokens_above=200_000))], "overlap")


def test_one_rate_that_is_stated_twice_is_refused() -> None:
    refuse([said(rate("2"), rate("2"))], "overlap")


@pytest.mark.parametrize(
    "pair",
    [
        [rate("2", end=CHANGE), rate("3", CHANGE)],
        [rate("2", context_tokens_up_to=200_000), rate("4", context_tokens_above=200_000)],
    ],
    ids=["validities that meet", "bands that meet"],
)
def test_what_meets_does_not_overlap(pair: list[StatedRate]) -> None:
    check_overlaps(history(said(*pair)), subject="toys")


def test_an_older_statement_that_says_something_else_is_refused() -> None:
    refuse([said(rate("2"), at=NEXT_MONDAY), said(rate("3"), at=MONDAY)], "2026-11-02.*differs.*2026-11-09")


def test_two_statements_of_one_moment_that_differ_are_refused() -> None:
    refuse([said(rate("2")), said(rate("3"))], "which is not earlier")


def test_a_statement_that_is_no_later_than_the_end_of_a_belief_is_refused() -> None:
    complete: dict[str, Any] = {"source": "list_prices", "is_complete": True}

    refuse([said(rate("2"), **complete), said(at=NEXT_MONDAY, **complete), said(rate("3"), **complete)], "not earlier")


def test_an_older_statement_that_says_the_same_changes_nothing() -> None:
    first = history(said(rate("2"), at=NEXT_MONDAY))

    assert revise(first, said(rate("2"), at=MONDAY)).equals(first)


def test_a_refused_statement_leaves_the_book_as_it_was() -> None:
    book = history(said(rate("2")))
    before = book.clone()
    with pytest.raises(FinopsError):
        revise(book, said(rate("3"), rate("-1", meter="output"), at=NEXT_MONDAY))

    assert book.equals(before)


def test_a_source_without_a_precedence_is_refused() -> None:
    refuse([said(rate("2"), source="hearsay")], "no source of prices 'hearsay'")


@pytest.mark.parametrize(
    "moment",
    [dt.datetime(2026, 11, 2, 4), dt.datetime(2026, 11, 2, 4, tzinfo=dt.timezone(dt.timedelta(hours=1)))],  # noqa: DTZ001
    ids=["no zone", "another zone"],
)
def test_a_moment_that_is_not_in_utc_is_refused(moment: dt.datetime) -> None:
    refuse([said(rate("2"), at=moment)], "no time in UTC")


@pytest.mark.parametrize(
    ("fields", "pattern"),
    [
        ({"meter": "unheard_of"}, "unheard_of"),
        ({"service_tier": "baatch"}, "baatch"),
        ({"context_tokens_above": -1}, "context_tokens_above"),
    ],
)
def test_a_word_that_the_table_does_not_know_is_refused(fields: dict[str, Any], pattern: str) -> None:
    refuse([said(rate("2", **fields))], pattern)
