"""When the term of a commitment ends. Pure."""

import calendar
import datetime as dt

from genai_finops.schemas.tables.commitments import TERMS

_MONTHS = {"P1M": 1, "P3M": 3, "P6M": 6, "P1Y": 12, "P3Y": 36}


def term_end(starts_at: dt.datetime, term: str) -> dt.datetime:
    """The first moment after the term that begins at `starts_at`: 7 days later for a week, else the same day and time
    so many calendar months or years later, or the last day of a month that has no such day.

    Raises ValueError for a term that is none of TERMS.
    """
    if term not in TERMS:
        raise ValueError(f"{term!r} is none of {', '.join(TERMS)}")
    if term == "P1W":
        return starts_at + dt.timedelta(days=7)
    years, month = divmod(starts_at.month - 1 + _MONTHS[term], 12)
    year, month = starts_at.year + years, month + 1
    return starts_at.replace(year=year, month=month, day=min(starts_at.day, calendar.monthrange(year, month)[1]))


def has_months(term: str) -> bool:
    """Whether the term is a whole number of months."""
    return term in _MONTHS
