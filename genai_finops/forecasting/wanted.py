"""What a forecast is asked for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.forecasting.forecast import KnownChange


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedForecast:
    """One series of spend, and the period whose end is asked for. All amounts in one currency, or tokens."""

    #: By UTC day, all that is known; a day without an entry had none. Days before the period are its past.
    spend: Mapping[dt.date, Decimal]
    #: The period is [start, end), UTC. A day that it cuts counts by its share of time.
    start: dt.datetime
    end: dt.datetime
    #: First UTC day that is not wholly known. What is known of it and of later days is the least that they have.
    known_until: dt.date
    now: dt.datetime
    #: Known of the period so far, as its owner counts it.
    spent: Decimal
    #: What is available in the period; None: no day of exhaustion is asked for.
    amount: Decimal | None = None
    changes: Sequence[KnownChange] = ()
