"""Checks of single values that people enter. Pure."""

import difflib
from collections.abc import Collection
from decimal import Decimal

from genai_finops.errors import FinopsError


def check_member(value: str | None, what: str, known: Collection[str]) -> None:
    """Raises FinopsError, with what was probably meant, for a value that is none of the known ones; None passes."""
    if value is None or value in known:
        return
    close = difflib.get_close_matches(value.lower(), known, n=3, cutoff=0.5)
    meant = f"Did you mean {' or '.join(close)}?" if close else f"Use one of: {', '.join(known) or 'none'}."
    raise FinopsError(f"{what} {value!r} is unknown", remedy=meant)


def check_decimal(value: Decimal | None, what: str, *, decimals: int, digits: int) -> None:
    """Raises FinopsError for a number that is negative, or that a column of so many digits would round; None passes."""
    if value is None:
        return
    if not value.is_finite() or value < 0:
        raise FinopsError(f"{what} {value} is negative or no number", remedy="Give a number from 0 on.")
    if value >= Decimal(10) ** digits:
        raise FinopsError(f"{what} {value:f} is too large", remedy=f"Give one below 10^{digits}.")
    # Not normalize(): it rounds to the precision of the context.
    _, _, fraction = f"{value:f}".partition(".")
    if len(fraction.rstrip("0")) > decimals:
        raise FinopsError(
            f"{what} {value:f} has more than {decimals} decimals, and nothing is rounded",
            remedy=f"Give at most {decimals} decimals.",
        )
