"""The book of capacity prices: what a source says becomes rows with two times, as in the price book of tokens."""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.capacity_rules import check_capacity_rates, describe_capacity_rate, fields_of
from genai_finops.pricing.knowledge import Revision, believed, check_moment, content_columns, revise_whole
from genai_finops.pricing.sources.statement import PRIORITIES, Statement
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.validation import empty_frame

#: What a price is for.
CAPACITY_KEY = tuple(name for name in CAPACITY_PRICE_BOOK.grain if name not in {"valid_from", "source", "known_from"})
_CONTENT_BUT_VALIDITY = content_columns(CAPACITY_PRICE_BOOK, without={"valid_from", "valid_to"})
_LAST_DAY = dt.date.max

Row = dict[str, Any]


def revise_capacity_book(known: pl.DataFrame, statement: Statement) -> Revision:
    """What the book knows of a source, shape of `genai_capacity_price_book`, after the source has spoken again.

    What a complete statement does not say ends. Otherwise keys that are not stated are kept; of a stated key the days
    before the first stated one are kept where the statement covers no history or a price has no first day, and a price
    that is stated as before goes on, whatever day the source now gives it.

    Raises FinopsError for a source without a precedence, for a price that breaks a rule of capacity_rules, for two
    prices of one key and day, and for a statement that is not later than what is known and says something else.
    """
    source, moment = statement.source, statement.retrieved_at
    check_moment(moment, source=source)
    if source not in PRIORITIES:
        raise FinopsError(f"there is no source of prices {source!r}", remedy=f"Choose one of: {', '.join(PRIORITIES)}")
    check_capacity_rates(statement.capacity_rates, source=source, today=moment.date())
    stated = _by_key(_stated(statement))
    before = _by_key(believed(known).to_dicts())
    rows: list[Row] = []
    for key in {**before, **stated}:
        if key not in stated:
            rows += [] if statement.is_complete else before[key]
        else:
            rows += _with_earlier(before.get(key, []), stated[key])
    schema = empty_frame(CAPACITY_PRICE_BOOK).schema
    frame = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    check_capacity_overlaps(frame, subject=source)
    return revise_whole(CAPACITY_PRICE_BOOK, known, frame, moment, source=source)


def check_capacity_overlaps(rates: pl.DataFrame, *, subject: str) -> None:
    """Raise FinopsError, naming both rows, where two prices of one source and key hold for one day."""
    for rows in _by_key(rates.to_dicts(), more=("source",)).values():
        ordered = sorted(rows, key=lambda row: row["valid_from"])
        for earlier, later in itertools.pairwise(ordered):
            if later["valid_from"] < (earlier["valid_to"] or _LAST_DAY):
                raise FinopsError(
                    f"{subject}: two prices of one key overlap: {describe_capacity_rate(earlier)}; and "
                    f"{describe_capacity_rate(later)}",
                    remedy="Correct the source so that each day has one price; nothing stored was changed",
                )


def _stated(statement: Statement) -> Iterator[Row]:
    origin = {
        "x_org_slug": None,
        "x_genai_account_id": None,
        "source": statement.source,
        "source_version": statement.source_version,
        "retrieved_at": statement.retrieved_at,
        "priority": PRIORITIES[statement.source],
        "is_custom": False,
        "known_from": statement.retrieved_at,
        "known_to": None,
    }
    for rate in statement.capacity_rates:
        fields = fields_of(rate)
        fields["valid_from"] = rate.valid_from or statement.retrieved_at.date()
        keeps_earlier = rate.valid_from is None or not statement.covers_history
        yield {**fields, **origin, "keeps_earlier": keeps_earlier}


def _by_key(rows: Any, *, more: tuple[str, ...] = ()) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in (*CAPACITY_KEY, *more))].append(row)
    return found


def _with_earlier(before: list[Row], stated: list[Row]) -> list[Row]:
    """The rows of one key after its statement: the stated ones, and what was believed of the days before them."""
    if not any(row["keeps_earlier"] for row in stated):
        return stated
    first, *others = sorted(stated, key=lambda row: row["valid_from"])
    start = first["valid_from"]
    kept = []
    for row in before:
        if row["valid_from"] < start and _is_same_price(row, first) and (row["valid_to"] or _LAST_DAY) >= start:
            first = {**first, "valid_from": row["valid_from"]}
        elif row["valid_from"] < start:
            kept.append({**row, "valid_to": min(row["valid_to"] or _LAST_DAY, start)})
    return [*kept, first, *others]


def _is_same_price(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in _CONTENT_BUT_VALIDITY)
