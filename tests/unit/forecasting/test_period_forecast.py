"""Forecasts of series whose rest can be reckoned by hand."""

import datetime as dt
import os
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from genai_finops.forecasting.forecast import KnownChange, PeriodForecast
from genai_finops.forecasting.period_forecast import forecast_many, forecast_period
from genai_finops.forecasting.wanted import WantedForecast

#: A Monday; the month that is forecast begins on it.
MONDAY = dt.date(2026, 6, 1)
DAY = dt.timedelta(days=1)


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def ending(day: dt.date, amounts: Iterable[str | int | float]) -> dict[dt.date, Decimal]:
    """The amounts on consecutive days, the last of which is the one before `day`."""
    given = [Decimal(str(amount)) for amount in amounts]
    return {day - (len(given) - place) * DAY: amount for place, amount in enumerate(given)}


def wanted(spend: dict[dt.date, Decimal], *, days: int = 10, **values: object) -> WantedForecast:
    """The days from MONDAY on, of which none is known."""
    usual = {
        "spend": spend,
        "start": midnight(MONDAY),
        "end": midnight(MONDAY + days * DAY),
        "known_until": MONDAY,
        "now": midnight(MONDAY),
        "spent": Decimal(0),
    }
    return WantedForecast(**{**usual, **values})  # type: ignore[arg-type]


def made(spend: dict[dt.date, Decimal], **values: object) -> PeriodForecast:
    (forecast,) = forecast_many([wanted(spend, **values)])  # type: ignore[arg-type]
    assert forecast is not None
    return forecast


def test_even_spend_goes_on_evenly_and_surely() -> None:
    forecast = made(ending(MONDAY, [5] * 56))

    assert (forecast.total, forecast.lower_95, forecast.upper_95) == (Decimal("50.00"),) * 3


def test_weekends_without_spend_stay_without() -> None:
    spend = ending(MONDAY, ([7] * 5 + [0, 0]) * 4)

    # From Monday to Wednesday of the next week: eight days of work.
    assert made(spend, days=10).total == Decimal("56.00")


def test_weekdays_are_counted_from_the_first_unknown_day() -> None:
    spend = ending(MONDAY, ([7] * 5 + [0, 0]) * 4) | {MONDAY: Decimal(7), MONDAY + DAY: Decimal(7)}

    forecast = made(spend, days=7, known_until=MONDAY + 2 * DAY, now=midnight(MONDAY + 2 * DAY), spent=Decimal(14))

    assert forecast.total == Decimal("35.00")


def test_two_days_say_nothing() -> None:
    assert forecast_many([wanted(ending(MONDAY, [3, 3]))]) == [None]


def test_days_before_the_first_spend_are_no_history() -> None:
    assert made(ending(MONDAY, [0] * 40 + [4] * 5)).history_days == 5


def test_few_days_have_a_wider_interval_than_many_of_the_same_kind() -> None:
    few, many = (made(ending(MONDAY, [4, 6] * (days // 2))) for days in (6, 56))

    assert few.upper_80 - few.total > many.upper_80 - many.total


def test_scope_that_went_silent_is_expected_to_stay_so() -> None:
    forecast = made(ending(MONDAY, [9] + [0] * 55))

    assert forecast.total < 1


def test_period_that_is_known_has_exactly_its_spend() -> None:
    exact = Decimal("12.345678901234567890")

    forecast = made({}, known_until=MONDAY + 10 * DAY, now=midnight(MONDAY + 11 * DAY), spent=exact)

    assert (forecast.total, forecast.lower_95, forecast.upper_95) == (exact, exact, exact)


def test_one_day_of_mistakes_does_not_become_the_level() -> None:
    forecast = made(ending(MONDAY, [10] * 55 + [1000]))

    assert forecast.total < 130


def test_spend_that_stays_high_becomes_the_level() -> None:
    forecast = made(ending(MONDAY, [10] * 42 + [100] * 14))

    assert forecast.total > 900


def test_edges_of_days_count_by_their_hours() -> None:
    spend = ending(MONDAY, [24] * 28)

    forecast = made(spend, start=midnight(MONDAY) + dt.timedelta(hours=4), end=midnight(MONDAY + DAY * 2) + DAY / 4)

    assert forecast.total == Decimal("50.00")


def test_late_provider_leaves_its_days_to_be_expected() -> None:
    spend = ending(MONDAY, [10] * 28) | {MONDAY: Decimal(4)}

    # Monday is known in part, and Tuesday not at all.
    forecast = made(spend, days=3, now=midnight(MONDAY + 2 * DAY), spent=Decimal(4))

    assert forecast.total == Decimal("30.00")


def test_more_than_expected_today_goes_on_for_the_rest_of_the_day() -> None:
    spend = ending(MONDAY, [10] * 28) | {MONDAY: Decimal(20)}

    forecast = made(spend, days=1, now=midnight(MONDAY) + dt.timedelta(hours=12), spent=Decimal(20))

    assert forecast.total == Decimal("25.00")


def test_price_with_a_date_changes_the_days_from_it_on() -> None:
    change = KnownChange(day=MONDAY + 4 * DAY, reason="price", factor=Decimal("1.5"))

    forecast = made(ending(MONDAY, [10] * 28), changes=[change])

    assert forecast.total == Decimal("130.00")
    assert forecast.changes == (change,)


def test_commitment_that_ends_takes_its_days_away_and_no_more() -> None:
    change = KnownChange(day=MONDAY + 4 * DAY, reason="end", amount_per_day=Decimal(-12))

    assert made(ending(MONDAY, [10] * 28), changes=[change]).total == Decimal("40.00")


def test_change_that_the_past_has_seen_is_not_made_twice() -> None:
    change = KnownChange(day=MONDAY - 2 * DAY, reason="price", factor=Decimal(2))

    assert made(ending(MONDAY, [10] * 26 + [20] * 2), changes=[change]).total == Decimal("200.00")


def test_change_after_the_period_is_not_told() -> None:
    change = KnownChange(day=MONDAY + 10 * DAY, reason="price", factor=Decimal(2))

    assert made(ending(MONDAY, [10] * 28), changes=[change]).changes == ()


@pytest.mark.parametrize(("amount", "day"), [("35", MONDAY + 3 * DAY), ("100", MONDAY + 9 * DAY), ("101", None)])
def test_amount_is_used_up_on_the_day_on_which_its_last_cent_is_expected(amount: str, day: dt.date | None) -> None:
    assert made(ending(MONDAY, [10] * 28), amount=Decimal(amount)).exhaustion_day == day


def test_amount_that_is_spent_was_used_up_in_the_past() -> None:
    spend = ending(MONDAY + 5 * DAY, [10] * 30)
    now = MONDAY + 5 * DAY

    forecast = made(spend, known_until=now, now=midnight(now), spent=Decimal(50), amount=Decimal(25))

    assert forecast.exhaustion_day == MONDAY + 2 * DAY


def test_error_of_the_past_is_that_of_sums_of_the_same_length() -> None:
    # Each odd day has nothing: a day is missed by all of it, and two days never.
    spend = ending(MONDAY, [0, 20] * 28)

    one, two = (made(spend, days=days).backtest_error for days in (1, 14))

    assert one is not None
    assert two is not None
    assert one > Decimal("0.9") > Decimal("0.2") > two


def test_forecast_of_a_series_is_the_same_alone_and_among_others() -> None:
    rng = random.Random(7)  # noqa: S311 - not for secrets
    many = [
        wanted(
            ending(MONDAY, [round(rng.lognormvariate(3, 1) * (rng.random() < 0.8), 6) for _ in range(length)]),
            days=rng.choice([1, 9, 31, 200]),
            amount=Decimal(500),
        )
        for length in [1, 3, 5, 9, 13, 14, 20, 31, 55, 56] * 4
    ]

    assert forecast_many(many) == [forecast_many([one])[0] for one in many]


def test_forecast_period_is_forecast_many_of_one() -> None:
    one = wanted(ending(MONDAY, range(30)))

    assert (
        forecast_period(
            one.spend, start=one.start, end=one.end, known_until=one.known_until, now=one.now, spent=one.spent
        )
        == forecast_many([one])[0]
    )


@pytest.mark.skipif("GENAI_FINOPS_TEST_DATA" not in os.environ, reason="GENAI_FINOPS_TEST_DATA names no traces")
def test_real_tenants_are_forecast_better_than_by_the_week_before() -> None:
    path = Path(os.environ["GENAI_FINOPS_TEST_DATA"], "traces", "servegen_m_small_rates.parquet")
    daily = (
        pl.read_parquet(path)
        .group_by("client", day=(pl.col("window_start_s") // 86_400).cast(pl.Int64))
        .agg(pl.col("requests_per_s").sum())
        .sort("client", "day")
        .partition_by("client", as_dict=True)
    )
    known = [(rows["requests_per_s"].to_list(), origin) for rows in daily.values() for origin in range(7, 14)]
    forecasts = forecast_many([wanted(ending(MONDAY, amounts[:origin]), days=1) for amounts, origin in known])
    naive = sum(abs(amounts[origin] - amounts[origin - 7]) for amounts, origin in known)
    actual = [amounts[origin] for amounts, origin in known]
    missed = sum(
        abs(came - (0.0 if forecast is None else float(forecast.total)))
        for came, forecast in zip(actual, forecasts, strict=True)
    )
    held = [
        float(forecast.lower_95) - 0.01 <= came <= float(forecast.upper_95) + 0.01
        for came, forecast in zip(actual, forecasts, strict=True)
        if forecast is not None
    ]

    assert missed < 0.85 * naive
    assert sum(held) / len(held) > 0.8
