"""What a forecast says."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChange:
    """What will change the spend from a day on, and is known today: a price, a commitment that starts or ends."""

    #: First UTC day that it holds.
    day: dt.date
    #: As in `price of gpt-5.1 changes` or `commitment r-1 ends`.
    reason: str
    #: Spend of each day from then on is multiplied by it; 1: unchanged.
    factor: Decimal = Decimal(1)
    #: Added to each day from then on, after the factor.
    amount_per_day: Decimal = Decimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodForecast:
    """Spend of a whole period: what is known of it, and what is expected of the rest. Estimates, rounded to cents."""

    #: Everything until the end of the period, in the unit of the budget.
    total: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal
    #: First day on which the amount is used up by expectation, the past included; None: not within the period.
    exhaustion_day: dt.date | None
    #: `seasonal_naive`, `weekday_level`, ...; see docs/forecasting.md.
    method: str
    #: Share by which the sums of as many days were missed in the past (weighted absolute error); None: too little past.
    backtest_error: Decimal | None
    #: Days of the past that it rests on.
    history_days: int
    changes: tuple[KnownChange, ...] = ()
