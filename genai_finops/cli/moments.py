"""Moments as the commands take them."""

import datetime as dt

from genai_finops.errors import FinopsError


def moment_from(text: str, *, option: str) -> dt.datetime:
    """A moment with its zone, in UTC. Raises FinopsError that names the option for anything else."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise FinopsError(
            f"{option} is {text!r}, which is no moment with a zone", remedy="Write it as 2026-10-01T00:00:00Z"
        )
    return moment.astimezone(dt.UTC)
