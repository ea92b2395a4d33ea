"""Whatever sources say, and in whatever order: the book never forgets, never contradicts itself, and believes them."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genai_finops.pricing.book import as_known, check_overlaps, revise
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame

EMPTY = empty_frame(PRICE_BOOK)
FIRST_DAY = dt.date(2026, 10, 1)
BEGIN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
METERS = ("uncached_input", "output")
PRICES = st.sampled_from([Decimal(1), Decimal(2), Decimal("2.5")])
BANDS = st.sampled_from([((0, None),), ((0, 200), (200, None)), ((0, 100), (100, None)), ((200, None),)])


@st.composite
def rates_of(draw: st.DrawFn, meter: str, today: dt.date) -> list[StatedRate]:
    """Rates of one key that do not overlap: bands of spans that meet, or of one span without a first day."""
    ends = st.one_of(st.none(), st.integers(1, 60).map(lambda days: today + dt.timedelta(days=days)))
    found = []
    for above, up_to in draw(BANDS):
        common: dict[str, Any] = {"provider": "openai", "model_id": "toy", "meter": meter}
        common |= {"context_tokens_above": above, "context_tokens_up_to": up_to}
        if draw(st.booleans()):
            found.append(StatedRate(**common, unit_price=draw(PRICES), valid_from=None, valid_to=draw(ends)))
            continue
        offsets = sorted(draw(st.sets(st.integers(0, 80), min_size=1, max_size=4)))
        starts = [FIRST_DAY + dt.timedelta(days=offset) for offset in offsets]
        last = starts[-1] + dt.timedelta(days=30) if draw(st.booleans()) else None
        found += [
            StatedRate(**common, unit_price=draw(PRICES), valid_from=start, valid_to=end)
            for start, end in zip(starts, [*starts[1:], last], strict=True)
        ]
    return found


@st.composite
def statements(draw: st.DrawFn) -> list[Statement]:
    """What one source says over some days, several times on some of them."""
    moment = BEGIN
    found: list[Statement] = []
    for _ in range(draw(st.integers(1, 5))):
        moment += dt.timedelta(hours=draw(st.integers(1, 60)))
        named = draw(st.sets(st.sampled_from(METERS)))
        rates = [rate for meter in sorted(named) for rate in draw(rates_of(meter, moment.date()))]
        found.append(
            Statement(
                source="azure_retail",
                source_version=str(len(found)),
                retrieved_at=moment,
                rates=tuple(rates),
                is_complete=draw(st.booleans()),
                covers_history=draw(st.booleans()),
            )
        )
    return found


def books_after(said: list[Statement]) -> list[pl.DataFrame]:
    """The book after each statement."""
    books = [EMPTY]
    for statement in said:
        books.append(revise(books[-1], statement))
    return books[1:]


def believed(book: pl.DataFrame) -> pl.DataFrame:
    return book.filter(pl.col("known_to").is_null())


def prices_on(book: pl.DataFrame, rate: StatedRate, day: dt.date) -> list[Decimal]:
    """What is believed of a day, for the shortest prompt that a rate is for."""
    above = rate.context_tokens_above
    return (
        believed(book)
        .filter(
            pl.col("meter") == rate.meter,
            pl.col("valid_from") <= day,
            pl.col("valid_to").is_null() | (pl.col("valid_to") > day),
            pl.col("context_tokens_above") <= above,
            pl.col("context_tokens_up_to").is_null() | (pl.col("context_tokens_up_to") > above),
        )["unit_price"]
        .to_list()
    )


@given(said=statements())
@settings(max_examples=40)
def test_what_was_believed_at_each_moment_can_be_had_again_whatever_was_said_since(said: list[Statement]) -> None:
    books = books_after(said)

    for statement, book in zip(said, books, strict=True):
        assert as_known(books[-1], statement.retrieved_at).equals(believed(book))


@given(said=statements())
@settings(max_examples=40)
def test_no_two_rates_of_a_key_hold_for_one_day_and_prompt_at_any_moment(said: list[Statement]) -> None:
    last = books_after(said)[-1]

    for statement in said:
        check_overlaps(as_known(last, statement.retrieved_at), subject="azure_retail")


@given(said=statements(), hours=st.integers(0, 90))
@settings(max_examples=40)
def test_saying_the_same_again_at_once_or_later_changes_nothing(said: list[Statement], hours: int) -> None:
    book = books_after(said)[-1]
    later = said[-1].retrieved_at + dt.timedelta(hours=hours)
    undated = [rate for rate in said[-1].rates if rate.valid_from is None]
    # What has ended since then cannot be said again without a first day.
    assume(all(rate.valid_to is None or rate.valid_to > later.date() for rate in undated))
    again = dataclasses.replace(said[-1], source_version="again", retrieved_at=later)

    assert revise(book, again).equals(book)


@given(said=statements())
@settings(max_examples=40)
def test_rows_are_only_ever_added_or_ended(said: list[Statement]) -> None:
    books = books_after(said)
    identity = [name for name in EMPTY.columns if name != "known_to"]

    for earlier, later in zip([EMPTY, *books], books, strict=False):
        assert earlier.join(later, on=identity, how="anti", nulls_equal=True).is_empty()
        ended = earlier.filter(pl.col("known_to").is_not_null())
        assert ended.join(later, on=EMPTY.columns, how="anti", nulls_equal=True).is_empty()


@given(said=statements())
@settings(max_examples=40)
def test_each_stated_rate_is_believed_on_all_its_days(said: list[Statement]) -> None:
    book, statement = books_after(said)[-1], said[-1]

    for rate in statement.rates:
        first = rate.valid_from or statement.retrieved_at.date()
        last = rate.valid_to or first + dt.timedelta(days=400)
        for day in (first, last - dt.timedelta(days=1)):
            assert prices_on(book, rate, day) == [rate.unit_price]


@given(said=statements())
@settings(max_examples=40)
def test_a_list_of_current_prices_never_touches_the_days_before_its_first(said: list[Statement]) -> None:
    before, after = [EMPTY, *books_after(said)][-2:]
    current = [rate for rate in said[-1].rates if not said[-1].covers_history]

    for rate in current:
        starts = [other.valid_from or said[-1].retrieved_at.date() for other in current if other.meter == rate.meter]
        day = min(starts) - dt.timedelta(days=1)
        assert prices_on(after, rate, day) == prices_on(before, rate, day)
