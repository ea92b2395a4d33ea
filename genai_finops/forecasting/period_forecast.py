"""Forecasts of what periods spend until their end."""

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np

from genai_finops.forecasting.backtest import backtested
from genai_finops.forecasting.forecast import KnownChange, PeriodForecast
from genai_finops.forecasting.series import HISTORY_DAYS, day_of_exhaustion, history, horizons, rest
from genai_finops.forecasting.wanted import WantedForecast
from genai_finops.forecasting.weekday_level import WEEK, Flags, Past

#: Fewer days of the past say nothing.
LEAST_DAYS = 3
_CENTS = Decimal("0.01")
_MIDNIGHT = dt.time(tzinfo=dt.UTC)
#: Days until the end of what is forecast together.
_HORIZONS = (8, 32, 93)


def forecast_period(
    spend: Mapping[dt.date, Decimal],
    *,
    start: dt.datetime,
    end: dt.datetime,
    known_until: dt.date,
    now: dt.datetime,
    spent: Decimal,
    amount: Decimal | None = None,
    changes: Sequence[KnownChange] = (),
) -> PeriodForecast | None:
    """What the period [start, end) spends until its end; None where fewer than LEAST_DAYS days are known.

    The arguments are those of `WantedForecast`. A period whose days are all known has exactly `spent`.
    """
    wanted = WantedForecast(
        spend=spend,
        start=start,
        end=end,
        known_until=known_until,
        now=now,
        spent=spent,
        amount=amount,
        changes=changes,
    )
    return forecast_many([wanted])[0]


def forecast_many(wanted: Sequence[WantedForecast]) -> list[PeriodForecast | None]:
    """The forecast of each, in their order, as `forecast_period` gives it. 10,000 of 56 days take less than 2 s."""
    found: list[PeriodForecast | None] = [None] * len(wanted)
    for places in _together(wanted):
        forecasts = _forecast([wanted[place] for place in places])
        for place, forecast in zip(places, forecasts, strict=True):
            found[place] = forecast
    return found


def _together(wanted: Sequence[WantedForecast]) -> Iterator[list[int]]:
    """Those whose horizons are about as long: arrays have the length of the longest."""
    days = [(one.end.date() - one.known_until).days for one in wanted]
    borders = (-math.inf, *_HORIZONS, math.inf)
    for above, until in itertools.pairwise(borders):
        if places := [place for place, number in enumerate(days) if above < number <= until]:
            yield places


def _forecast(wanted: Sequence[WantedForecast]) -> Iterator[PeriodForecast | None]:
    past = history(wanted)
    known = (~np.isnan(past)).sum(axis=0)
    falls: Flags = np.asarray(np.any(np.nan_to_num(past) < 0, axis=0))
    # Where too little is known there must still be something to reckon with.
    past[-LEAST_DAYS:, known < LEAST_DAYS] = 0.0
    left = rest(wanted, Past(past).as_of(HISTORY_DAYS), may_fall=falls)
    errors = backtested(past, horizons(wanted))
    sums = np.cumsum(left.daily, axis=0)[-1]
    for column, one in enumerate(wanted):
        days = int(known[column])
        daily = left.daily[:, column]
        if one.end <= dt.datetime.combine(one.known_until, _MIDNIGHT):
            yield _known(one, days, day_of_exhaustion(one, one.amount, daily[:0]) if one.amount is not None else None)
        elif days < LEAST_DAYS:
            yield None
        else:
            least = None if falls[column] else one.spent
            expected, error = float(sums[column]), float(errors.error[column])
            half_80 = float(errors.half_80[column] * left.spread[column])
            half_95 = float(errors.half_95[column] * left.spread[column])
            yield PeriodForecast(
                total=_amount(one.spent, expected, least),
                lower_80=_amount(one.spent, expected - half_80, least),
                upper_80=_amount(one.spent, expected + half_80, least),
                lower_95=_amount(one.spent, expected - half_95, least),
                upper_95=_amount(one.spent, expected + half_95, least),
                exhaustion_day=None if one.amount is None else day_of_exhaustion(one, one.amount, daily),
                method="weekday_level" if days >= 2 * WEEK else "recent_level",
                backtest_error=None if math.isnan(error) else Decimal(f"{error:.4f}"),
                history_days=days,
                changes=tuple(change for change in one.changes if one.known_until <= change.day < _day_after(one.end)),
            )


def _known(one: WantedForecast, days: int, exhaustion_day: dt.date | None) -> PeriodForecast:
    return PeriodForecast(
        total=one.spent,
        lower_80=one.spent,
        upper_80=one.spent,
        lower_95=one.spent,
        upper_95=one.spent,
        exhaustion_day=exhaustion_day,
        method="known",
        backtest_error=None,
        history_days=days,
    )


def _amount(spent: Decimal, further: float, least: Decimal | None) -> Decimal:
    total = (spent + Decimal(further)).quantize(_CENTS)
    return total if least is None else max(total, least)


def _day_after(moment: dt.datetime) -> dt.date:
    return (moment - dt.timedelta.resolution).date() + dt.timedelta(days=1)
