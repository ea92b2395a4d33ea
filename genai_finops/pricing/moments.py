"""Moments at which the price book is asked what it knew."""

import datetime as dt
from collections.abc import Iterable

import polars as pl

from genai_finops.errors import FinopsError


def check_known_at(book: Iterable[pl.DataFrame], moment: dt.datetime, *, now: dt.datetime) -> None:
    """Raise FinopsError for a moment that lies before the book began, naming when it did, or after now.

    `book` are tables with a column known_from.
    """
    if moment > now:
        raise FinopsError(
            f"what is known at {_shown(moment)} is not known yet: it is {_shown(now)}",
            remedy="Give a moment that has passed",
        )
    begun = [first for table in book if isinstance(first := table["known_from"].min(), dt.datetime)]
    if not begun:
        raise FinopsError(
            "the price book is empty", remedy="Run `genai-finops prices refresh`; it is known from then on"
        )
    if moment < min(begun):
        raise FinopsError(
            f"the price book knew nothing at {_shown(moment)}: it began at {_shown(min(begun))}",
            remedy=f"Give {_shown(min(begun))} or a later moment",
        )


def _shown(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
