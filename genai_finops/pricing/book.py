"""The price book: what a source says becomes rows with two times, when a price is valid and when it was known."""

import datetime as dt
from typing import Any

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.knowledge import (
    Revision,
    as_known,
    believed,
    check_moment,
    content_columns,
    revision,
    since,
)
from genai_finops.pricing.rate_rules import check_rates, describe_rate, vars_of
from genai_finops.pricing.sources.statement import PRIORITIES, Statement
from genai_finops.schemas.table import Column
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame, validate

__all__ = ["RATE_KEY", "Revision", "as_known", "check_overlaps", "revise", "revise_book"]

#: What a rate is for, without the length of the prompt: all bands of one key are stated together.
RATE_KEY = (
    *("provider", "model_id", "meter", "service_tier", "geography", "variant"),
    *("x_org_slug", "x_genai_account_id", "pricing_type", "volume_threshold_tokens"),
)
_CONTENT = content_columns(PRICE_BOOK)
#: Equal rows but for their first day: a rate that goes on.
_CONTENT_BUT_START = content_columns(PRICE_BOOK, without={"valid_from"})
_CONTENT_BUT_VALIDITY = content_columns(PRICE_BOOK, without={"valid_from", "valid_to"})
_LAST_DAY = dt.date.max
_NO_LIMIT = 2**63 - 1
#: Whether some length of a prompt is in the bands of both rows of a pair.
_BANDS_MEET = (pl.col("context_tokens_above") < pl.col("context_tokens_up_to_stated").fill_null(_NO_LIMIT)) & (
    pl.col("context_tokens_above_stated") < pl.col("context_tokens_up_to").fill_null(_NO_LIMIT)
)


def revise(book: pl.DataFrame, statement: Statement) -> pl.DataFrame:
    """The book after the statement; see revise_book."""
    return revise_book(book, statement).frame


def revise_book(book: pl.DataFrame, statement: Statement) -> Revision:
    """The book, shape of `genai_price_book`, after a source has spoken again; the counts are of this source.

    The rates of a key that is stated replace all that was believed of it. A row that is stated in the same words stays
    as it was, with the version and the moment of which it was first read. A key that is not stated is kept, or
    withdrawn where the statement is complete.

    A rate without a first day, or in a statement that covers no history, says nothing about earlier days: what was
    believed of them stays, and ends where the stated rates begin. Without a first day they begin on the UTC day of the
    statement, which for a rate that was first seen on that very day makes the new price a correction.

    Raises FinopsError for a source without a precedence, for a rate that breaks a rule of rate_rules, for validities of
    one key that overlap, and for a statement that is not later than what is known and says something else.
    """
    source, moment = statement.source, statement.retrieved_at
    check_moment(moment, source=source)
    if source not in PRIORITIES:
        raise FinopsError(f"there is no source of prices {source!r}", remedy=f"Choose one of: {', '.join(PRIORITIES)}")
    check_rates(statement.rates, source=source, today=moment.date())
    others = book.filter(pl.col("source") != source)
    known = book.filter(pl.col("source") == source)
    stated = _stated(statement)
    check_overlaps(stated, subject=source)
    closed, opened = _changes(believed(known), stated, statement)
    if opened.height:
        validate(PRICE_BOOK, opened, subject=f"prices of {source} {statement.source_version}")
    found = revision(PRICE_BOOK, known, closed=closed, opened=opened, moment=moment, source=source)
    check_overlaps(believed(found.frame), subject=source)
    frame = pl.concat([others, found.frame]).sort(PRICE_BOOK.grain, nulls_last=True) if others.height else found.frame
    return Revision(frame=frame, opened=found.opened, closed=found.closed, unchanged=found.unchanged)


def check_overlaps(rates: pl.DataFrame, *, subject: str) -> None:
    """Raise FinopsError, naming both rows, where two rates of one source and key hold for one day and prompt."""
    key = ["source", *RATE_KEY]
    rows = rates.with_row_index("row")
    pairs = rows.join(rows, on=key, nulls_equal=True, suffix="_stated").filter(
        _BANDS_MEET,
        pl.col("row") < pl.col("row_stated"),
        pl.col("valid_from") < pl.col("valid_to_stated").fill_null(_LAST_DAY),
        pl.col("valid_from_stated") < pl.col("valid_to").fill_null(_LAST_DAY),
    )
    if pairs.height:
        pair = pairs.sort("row", "row_stated").row(0, named=True)
        first, second = (describe_rate(rates.row(pair[name], named=True)) for name in ("row", "row_stated"))
        raise FinopsError(
            f"{subject}: two rates of one key overlap: {first}; and {second} ({pairs.height} such pairs in all)",
            remedy="Correct the source so that each day and prompt length has one rate; nothing stored was changed",
        )


def _stated(statement: Statement) -> pl.DataFrame:
    """The statement as rows of the book, with a column that says whether the key's earlier days are left alone."""
    today = statement.retrieved_at.date()
    columns: dict[str, Column] = {column.name: column for column in PRICE_BOOK.columns}
    origin: dict[str, Any] = {
        "source": statement.source,
        "source_version": statement.source_version,
        "retrieved_at": statement.retrieved_at,
        "priority": PRIORITIES[statement.source],
    }
    rows = [
        {**vars_of(rate), **origin, "valid_from": rate.valid_from or today, "is_undated": rate.valid_from is None}
        for rate in statement.rates
    ]
    schema = {**empty_frame(PRICE_BOOK).schema, "is_undated": pl.Boolean()}
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    keeps = pl.col("is_undated").any().over(RATE_KEY) | (not statement.covers_history)
    return since(frame, statement.retrieved_at).with_columns(keeps_earlier=keeps).select(*columns, "keeps_earlier")


def _changes(current: pl.DataFrame, stated: pl.DataFrame, statement: Statement) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The believed rows that end with the statement, and the rows that begin with it."""
    stated = _with_first_days(stated.with_row_index("stated_row"))
    current = current.with_row_index("row")
    goes_on = pl.col("keeps_earlier") & (pl.col("valid_from") < pl.col("first_day"))
    going_on = current.join(
        stated.select("stated_row", "keeps_earlier", "first_day", *_CONTENT),
        on=_CONTENT_BUT_START,
        nulls_equal=True,
        suffix="_stated",
    ).filter(
        (pl.col("valid_from") == pl.col("valid_from_stated"))
        | (goes_on & (pl.col("valid_from_stated") == pl.col("first_day")))
    )
    new = stated.filter(~pl.col("stated_row").is_in(going_on["stated_row"].implode()))
    rest = current.filter(~pl.col("row").is_in(going_on["row"].implode()))
    named = rest.join(stated.select(RATE_KEY).unique(), on=RATE_KEY, how="semi", nulls_equal=True)
    withdrawn = rest.clear()
    if statement.is_complete:
        withdrawn = rest.join(named.select("row"), on="row", how="anti")
    shortened, ending = _shortened_and_ending(named, stated, statement.retrieved_at.date())
    columns = [column.name for column in PRICE_BOOK.columns]
    opened = _joined_up(new, since(shortened, statement.retrieved_at), columns)
    return pl.concat([ending, withdrawn]).select(columns), opened


def _joined_up(new: pl.DataFrame, shortened: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Both as rows that begin; a shortened row that goes on as a new one of the same price is one row with it."""
    pairs = new.join(
        shortened.select("row", *_CONTENT), on=_CONTENT_BUT_VALIDITY, nulls_equal=True, suffix="_before"
    ).filter("keeps_earlier", pl.col("valid_to_before") == pl.col("valid_from"))
    longer = new.join(pairs.select("stated_row", "valid_from_before"), on="stated_row", how="left").with_columns(
        valid_from=pl.coalesce("valid_from_before", "valid_from")
    )
    apart = shortened.join(pairs.select("row"), on="row", how="anti")
    return pl.concat([longer.select(columns), apart.select(columns)])


def _with_first_days(stated: pl.DataFrame) -> pl.DataFrame:
    """With the first day of any stated rate of the key that prompts of the row's length could have."""
    pairs = stated.join(stated, on=RATE_KEY, nulls_equal=True, suffix="_stated").filter(_BANDS_MEET)
    return stated.join(pairs.group_by("stated_row").agg(first_day=pl.col("valid_from_stated").min()), on="stated_row")


def _shortened_and_ending(
    named: pl.DataFrame, stated: pl.DataFrame, today: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the believed rows of stated keys: shorter versions of those that still hold for their earlier days, and all
    rows that end, which are those they are made from and those that are replaced. What is over is in neither.
    """
    starts = (
        named.join(stated, on=RATE_KEY, nulls_equal=True, suffix="_stated")
        .with_columns(meets=_BANDS_MEET)
        .group_by("row")
        .agg(
            keeps_earlier=pl.col("keeps_earlier").any(),
            # A band that is no longer stated at all ends today.
            start=pl.col("valid_from_stated").filter("meets").min().fill_null(today),
        )
    )
    rows = named.join(starts, on="row")
    is_over = pl.col("keeps_earlier") & (pl.col("valid_to") <= pl.col("start")).fill_null(value=False)
    ending = rows.filter(~is_over)
    shortened = ending.filter("keeps_earlier", pl.col("valid_from") < pl.col("start")).with_columns(
        valid_to=pl.col("start")
    )
    return shortened.select(named.columns), ending.select(named.columns)
