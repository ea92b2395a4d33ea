"""What a budget would have blocked."""

import datetime as dt
from decimal import Decimal

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.replay import BlockedInterval, replay
from genai_finops.warehouse.spend_scope import SpendScope

_FIRST = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
_DAY, _HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
_BUDGET = Budget(
    owner="acme",
    name="all",
    scope=SpendScope.of({"org": "acme"}),
    period="weekly",
    time_zone="UTC",
    measure="effective_cost",
    amount=Decimal(100),
    currency="USD",
    valid_from=_FIRST.date(),
    thresholds=(Threshold(share=Decimal(1), kind="actual", severity="exceeded", actions=("notify", "block")),),
)


def _moments(days: int) -> list[dt.datetime]:
    return [_FIRST + number * _HOUR for number in range(24 * days)]


def test_a_budget_blocks_from_the_look_that_knows_until_the_period_ends():
    # Thursday to Sunday is its first period, cut by its first day.
    spend = {(_FIRST + number * _DAY).date(): Decimal(60) for number in range(6)}
    result = replay(_BUDGET, spend, moments=_moments(6))
    period = result.blocked[0].period
    assert period.end == _FIRST + 4 * _DAY
    # 120 are known on Saturday at six; three quarters of it and the Sunday would have been refused.
    assert result.blocked == (
        BlockedInterval(period=period, since=_FIRST + 2 * _DAY + 6 * _HOUR, until=period.end, spend=Decimal(105)),
    )


def test_a_budget_that_still_blocks_has_no_end_of_it():
    result = replay(_BUDGET, {_FIRST.date(): Decimal(100)}, moments=_moments(3))
    assert [(each.since, each.until) for each in result.blocked] == [(_FIRST + 30 * _HOUR, None)]


def test_a_day_is_not_known_before_its_time():
    result = replay(_BUDGET, {_FIRST.date(): Decimal(100)}, moments=_moments(3), known_after=40 * _HOUR)
    assert [alert.raised_at for alert in result.alerts] == [_FIRST + 40 * _HOUR]


def test_the_last_day_of_a_period_is_told_of_after_its_end():
    result = replay(_BUDGET, {(_FIRST + 3 * _DAY).date(): Decimal(100)}, moments=_moments(6))
    assert [(alert.period_end, alert.raised_at) for alert in result.alerts] == [
        (_FIRST + 4 * _DAY, _FIRST + 4 * _DAY + 6 * _HOUR)
    ]
    assert result.blocked == ()
