"""What holds of every forecast."""

import dataclasses
import datetime as dt
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genai_finops.forecasting.forecast import KnownChange, PeriodForecast
from genai_finops.forecasting.period_forecast import forecast_many
from genai_finops.forecasting.wanted import WantedForecast

TODAY = dt.date(2026, 3, 14)
DAY = dt.timedelta(days=1)
CENT = Decimal("0.02")


@st.composite
def questions(draw: st.DrawFn) -> WantedForecast:
    """A period about today, with a history, of which the last days may be known in part."""
    amounts = draw(st.lists(st.decimals(0, 10_000, places=6), min_size=3, max_size=70))
    late = draw(st.integers(0, 4))
    spend = {TODAY - (len(amounts) - place - 1) * DAY: amount for place, amount in enumerate(amounts)}
    noon = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    start = noon - dt.timedelta(hours=draw(st.integers(0, 800)))
    end = noon + dt.timedelta(hours=draw(st.integers(1, 2500)))
    spent = sum((amount for day, amount in spend.items() if start.date() <= day), start=Decimal(0))
    return WantedForecast(
        spend=spend, start=start, end=end, known_until=TODAY - late * DAY, now=noon, spent=spent, amount=Decimal(10_000)
    )


def forecasts_of(*wanted: WantedForecast) -> list[PeriodForecast]:
    """All at once, which takes hardly longer than one."""
    found = [forecast for forecast in forecast_many(wanted) if forecast is not None]
    assume(len(found) == len(wanted))
    return found


@given(questions())
@settings(max_examples=20, deadline=None)
def test_intervals_are_nested_hold_the_forecast_and_never_go_below_what_is_spent(wanted: WantedForecast) -> None:
    (found,) = forecasts_of(wanted)

    bounds = [wanted.spent, found.lower_95, found.lower_80, found.total, found.upper_80, found.upper_95]
    assert bounds == sorted(bounds)


@given(questions())
@settings(max_examples=20, deadline=None)
def test_twice_the_spend_is_twice_the_forecast(wanted: WantedForecast) -> None:
    twice = {day: 2 * amount for day, amount in wanted.spend.items()}
    single, double = forecasts_of(wanted, dataclasses.replace(wanted, spend=twice, spent=2 * wanted.spent))

    assert abs(double.total - 2 * single.total) <= CENT
    assert abs(double.upper_95 - 2 * single.upper_95) <= CENT


@given(questions(), st.decimals(0, 100, places=2))
@settings(max_examples=20, deadline=None)
def test_constant_change_adds_its_days(wanted: WantedForecast, amount: Decimal) -> None:
    first = TODAY + DAY
    changed = dataclasses.replace(wanted, changes=[KnownChange(day=first, reason="start", amount_per_day=amount)])

    days = max(Decimal(0), Decimal((wanted.end - dt.datetime.combine(first, dt.time(), dt.UTC)) / DAY))
    before, after = forecasts_of(wanted, changed)
    assert abs(after.total - before.total - days * amount) <= CENT


@given(questions())
@settings(max_examples=20, deadline=None)
def test_what_is_used_up_within_the_period_is_so_by_expectation(wanted: WantedForecast) -> None:
    (found,) = forecasts_of(wanted)

    assert wanted.amount is not None
    assume(abs(found.total - wanted.amount) > CENT)
    assert (found.exhaustion_day is not None) == (found.total > wanted.amount)
