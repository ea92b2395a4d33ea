"""What people read."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from genai_finops.budgets.alert_text import amount_text, expected_text, period_text, share_text, spent_text
from genai_finops.budgets.budget import DEFAULT_THRESHOLDS, Budget
from genai_finops.budgets.evaluation import evaluate
from genai_finops.budgets.periods import period_at
from genai_finops.forecasting.forecast import PeriodForecast
from genai_finops.warehouse.spend_scope import SpendScope

_NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
_BUDGET = Budget(
    owner="acme",
    name="all",
    scope=SpendScope.of({"org": "acme"}),
    period="monthly",
    time_zone="Europe/Berlin",
    measure="effective_cost",
    amount=Decimal(1000),
    currency="USD",
    valid_from=dt.date(2026, 1, 1),
)


def _state(spend: str):
    as_of = {"openai": dt.datetime(2026, 10, 19, tzinfo=dt.UTC)}
    return evaluate(_BUDGET, {dt.date(2026, 10, 5): Decimal(spend)}, now=_NOW, data_as_of=as_of)


def test_a_message_says_what_is_spent_of_what_until_when():
    title, message = spent_text(_BUDGET, _state("918.2"), DEFAULT_THRESHOLDS[2])
    assert title == "acme/all: 91.8 % of 1,000.00 USD spent in October 2026"
    assert message == (
        "918.20 USD of 1,000.00 USD are spent in October 2026; the mark is 90 %. 81.80 USD are left. Everything before "
        "2026-10-19 00:00 UTC is counted."
    )


def test_a_message_of_a_budget_that_blocks_says_so():
    block = dataclasses.replace(DEFAULT_THRESHOLDS[3], actions=("notify", "block"))
    message = spent_text(_BUDGET, _state("1040"), block)[1]
    assert "That is 40.00 USD too much. Further requests are refused until the period ends." in message


def test_a_message_of_a_forecast_says_how_sure_it_is():
    forecast = PeriodForecast(
        total=Decimal(1140),
        lower_80=Decimal(1050),
        upper_80=Decimal(1230),
        lower_95=Decimal(1000),
        upper_95=Decimal(1300),
        exhaustion_day=dt.date(2026, 10, 28),
        method="level",
        backtest_error=None,
        history_days=30,
    )
    title, message = expected_text(_BUDGET, _state("640"), forecast, DEFAULT_THRESHOLDS[7])
    assert title == "acme/all: 114 % of 1,000.00 USD expected in October 2026"
    assert "With 80 % probability it is between 1,050.00 USD and 1,230.00 USD. 640.00 USD are spent so far. " in message
    assert "The budget would be used up on 28 October 2026." in message


@pytest.mark.parametrize(
    ("kind", "valid_from", "text"),
    [
        ("daily", "2026-01-01", "20 October 2026"),
        ("weekly", "2026-01-01", "19 October 2026 to 25 October 2026"),
        ("monthly", "2026-01-01", "October 2026"),
        ("monthly", "2026-10-15", "15 October 2026 to 31 October 2026"),
        ("quarterly", "2026-01-01", "Q4 2026"),
        ("yearly", "2026-01-01", "2026"),
    ],
)
def test_periods_are_named_as_people_do(kind, valid_from, text):
    budget = dataclasses.replace(_BUDGET, period=kind, valid_from=dt.date.fromisoformat(valid_from))
    assert period_text(budget, period_at(budget, _NOW)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234567.895", "USD", "1,234,567.90 USD"),
        ("0.0123", "USD", "0.0123 USD"),
        ("-0.5", "USD", "-0.50 USD"),
        ("0", "EUR", "0.00 EUR"),
        ("1200000", None, "1,200,000 tokens"),
    ],
)
def test_amounts_have_the_digits_that_matter(amount, currency, text):
    assert amount_text(Decimal(amount), currency) == text


def test_a_share_that_is_not_reached_is_not_shown_as_reached():
    assert [share_text(Decimal(share)) for share in ("0.9999", "1", "0.125", "12.5")] == [
        "99.9 %",
        "100 %",
        "12.5 %",
        "1,250 %",
    ]
