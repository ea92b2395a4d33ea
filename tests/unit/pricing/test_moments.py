"""Moments at which the book is asked what it knew."""

import datetime as dt

import polars as pl
import pytest

from genai_finops.cli.moments import moment_from
from genai_finops.errors import FinopsError
from genai_finops.pricing.moments import check_known_at

BEGAN = dt.datetime(2026, 10, 5, 4, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
BOOK = [pl.DataFrame({"known_from": [BEGAN + SECOND, BEGAN]}), pl.DataFrame({"known_from": [NOW]})]


@pytest.mark.parametrize("moment", [BEGAN, NOW])
def test_the_book_is_asked_from_its_beginning_until_now(moment: dt.datetime) -> None:
    check_known_at(BOOK, moment, now=NOW)


def test_a_moment_before_the_book_began_is_refused_with_the_earliest() -> None:
    with pytest.raises(FinopsError, match=r"knew nothing at 2026-10-05T03:59:59Z: it began at 2026-10-05T04:00:00Z"):
        check_known_at(BOOK, BEGAN - SECOND, now=NOW)


def test_a_moment_to_come_is_refused() -> None:
    with pytest.raises(FinopsError, match=r"2026-11-05T06:00:01Z is not known yet"):
        check_known_at(BOOK, NOW + SECOND, now=NOW)


def test_an_empty_book_names_what_fills_it() -> None:
    empty = pl.DataFrame(schema={"known_from": pl.Datetime("us", "UTC")})
    with pytest.raises(FinopsError, match=r"the price book is empty.*prices refresh"):
        check_known_at([empty], BEGAN, now=NOW)


@pytest.mark.parametrize("text", ["2026-10-05T04:00:00Z", "2026-10-05T06:00:00+02:00"])
def test_a_moment_is_read_in_any_zone(text: str) -> None:
    assert moment_from(text, option="--from") == BEGAN


@pytest.mark.parametrize("text", ["2026-10-05", "2026-10-05T04:00:00", "yesterday"])
def test_a_moment_without_a_zone_is_refused_with_its_option(text: str) -> None:
    with pytest.raises(FinopsError, match=f"--from is '{text}', which is no moment"):
        moment_from(text, option="--from")
