"""Tables of which a source says all at once: what it no longer says ends, what stays keeps its first moment."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.knowledge import Revision, as_known, revise_whole
from genai_finops.schemas.tables.pricing import PRICE_FACTORS
from genai_finops.schemas.validation import InvalidFrameError, empty_frame

EMPTY = empty_frame(PRICE_FACTORS)
FIRST = dt.datetime(2026, 11, 2, 4, tzinfo=dt.UTC)
SECOND = FIRST + dt.timedelta(days=7)


def factors(version: str = "1", **by_geography: str) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "provider": "anthropic",
            "meter_kind": "tokens",
            "geography": geography,
            "base_geography": "global",
            "factor": Decimal(factor),
            "valid_from": dt.date(2025, 1, 1),
            "source": "price_factors",
            "source_version": version,
        }
        for geography, factor in by_geography.items()
    ]
    return pl.DataFrame([{name: row.get(name) for name in EMPTY.schema} for row in rows], schema=EMPTY.schema)


def revised(known: pl.DataFrame, stated: pl.DataFrame, moment: dt.datetime = FIRST) -> Revision:
    return revise_whole(PRICE_FACTORS, known, stated, moment, source="price_factors")


def test_a_row_that_is_gone_ends_and_one_that_is_new_begins() -> None:
    first = revised(EMPTY, factors(us="1.1")).frame

    second = revised(first, factors(eu="1.2"), SECOND).frame

    assert second.select("geography", "known_from", "known_to").sort("known_from").rows() == [
        ("us", FIRST, SECOND),
        ("eu", SECOND, None),
    ]


def test_a_row_that_is_stated_again_keeps_its_first_version_and_moment() -> None:
    first = revised(EMPTY, factors(us="1.1")).frame

    assert revised(first, factors("2", us="1.1"), SECOND).frame.equals(first)


def test_what_was_known_is_not_changed_by_what_follows() -> None:
    first = revised(EMPTY, factors(us="1.1", eu="1.2")).frame
    second = revised(first, factors(us="1.15", eu="1.2"), SECOND)

    assert as_known(second.frame, FIRST).equals(first)
    assert (second.opened, second.closed, second.unchanged) == (1, 1, 1)


def test_a_change_at_a_moment_that_is_not_later_is_refused() -> None:
    first = revised(EMPTY, factors(us="1.1")).frame

    with pytest.raises(FinopsError, match=r"price_factors.*which is not earlier"):
        revised(first, factors(us="1.2"))


def test_a_row_that_the_table_refuses_changes_nothing() -> None:
    with pytest.raises(InvalidFrameError, match="factor"):
        revised(EMPTY, factors(us="-1"))
