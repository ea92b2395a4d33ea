"""The log of alerts says of a budget what was told, taken back and reminded of, as a replay takes it to say."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import Engine

from genai_finops.budgets.alert_memory import KnownAlert, known_alerts, remembered
from genai_finops.budgets.budget import Budget
from genai_finops.budgets.evaluation import evaluate
from genai_finops.budgets.telling import alerts_of
from genai_finops.control.alert_history import budget_alert_rows
from genai_finops.control.alert_log import raise_alerts, remind
from genai_finops.control.database import reading, writing
from genai_finops.warehouse.spend_scope import SpendScope

_HOUR = dt.timedelta(hours=1)


def test_the_log_remembers_what_a_replay_remembers(engine: Engine) -> None:
    budget = Budget(
        owner="acme",
        name="all",
        scope=SpendScope.of({"org": "acme"}),
        period="monthly",
        time_zone="UTC",
        measure="effective_cost",
        amount=Decimal(1000),
        currency="USD",
        valid_from=dt.date(2026, 11, 1),
        remind_after=12 * _HOUR,
        cool_down=2 * _HOUR,
    )
    start = dt.datetime(2026, 11, 5, 6, 0, 0, 123456, tzinfo=dt.UTC)
    # Crossed, taken back, crossed again within the cool-down and after it, reminded of, taken back again.
    looks = [(0, 800), (1, 700), (2, 800), (3, 800), (4, 820), (15, 830), (16, 500), (20, 900)]
    known: dict[str, KnownAlert] = {}
    tellings = 0
    for hour, spent in looks:
        now = start + hour * _HOUR
        as_of = {"openai": start - 36 * _HOUR + (10 * _HOUR if hour > 15 else 0 * _HOUR)}
        state = evaluate(budget, {dt.date(2026, 11, 2): Decimal(spent)}, now=now, data_as_of=as_of)
        telling = alerts_of(budget, [state], known, now=now)
        tellings += len(telling.alerts) + len(telling.reminders)
        with writing(engine) as session:
            raise_alerts(session, telling.alerts, now=now)
            remind(session, {each.alert.alert_id: each.after for each in telling.reminders}, now=now)
        known = remembered(known, telling, now=now)
        with reading(engine) as session:
            rows = budget_alert_rows(session, period_ends_after=start, told_after=start - 24 * _HOUR)
        assert known_alerts(rows) == known, hour
    assert tellings > len(looks)
