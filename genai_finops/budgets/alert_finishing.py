"""What alerts of budgets get before they are stored: drivers, a link, and nobody is told one thing many times."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from urllib.parse import quote

from genai_finops.alerts.alert import Alert, AlertSeverity, Driver
from genai_finops.budgets.alert_identity import recovery_id
from genai_finops.budgets.alert_memory import KnownAlert, Telling
from genai_finops.budgets.budget import Budget
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import WantedSpend
from genai_finops.warehouse.spend_drivers import top_drivers

#: A query each: on the first evaluation of thousands of budgets, the most severe alerts get them.
MAX_WITH_DRIVERS = 50
_SEVERITY_ORDER: tuple[AlertSeverity, ...] = ("exceeded", "critical", "warning", "info")


def with_drivers(
    warehouse: ReadOnlyWarehouse, tellings: Mapping[int, Telling], budgets: Mapping[int, Budget], *, now: dt.datetime
) -> dict[int, Telling]:
    """The tellings, by budget id, with the three largest parts of the spend in the new alerts that are sent."""
    asked = sorted(
        (
            (_SEVERITY_ORDER.index(alert.severity), budget_id, alert.alert_id, wanted)
            for budget_id, telling in tellings.items()
            for alert in telling.alerts
            if alert.is_sent and (wanted := _wanted(budgets[budget_id], alert, now)) is not None
        ),
        key=lambda one: one[:3],
    )[:MAX_WITH_DRIVERS]
    if not asked:
        return dict(tellings)
    answers = top_drivers(warehouse, [wanted for *_, wanted in asked])
    drivers = {
        alert_id: tuple(Driver(name=part.name, amount=part.amount) for part in parts)
        for (_, _, alert_id, _), parts in zip(asked, answers, strict=True)
    }
    return {
        budget_id: dataclasses.replace(
            telling,
            alerts=tuple(
                dataclasses.replace(alert, drivers=drivers.get(alert.alert_id, alert.drivers))
                for alert in telling.alerts
            ),
        )
        if telling.alerts
        else telling
        for budget_id, telling in tellings.items()
    }


def with_link(telling: Telling, budget: Budget, base_url: str | None) -> Telling:
    """The telling with a link to the budget in every alert; without a base, as it is."""
    if base_url is None:
        return telling
    link = f"{base_url}/budgets/{quote(budget.owner, safe='')}/{quote(budget.name, safe='')}"
    return Telling(
        alerts=tuple(dataclasses.replace(alert, link=link) for alert in telling.alerts),
        reminders=tuple(
            dataclasses.replace(reminder, alert=dataclasses.replace(reminder.alert, link=link))
            for reminder in telling.reminders
        ),
    )


def late_data_told_once(
    tellings: Mapping[int, Telling], known: Mapping[str, Mapping[str, KnownAlert]], budgets: Mapping[int, Budget]
) -> dict[int, Telling]:
    """The tellings, in which an owner is sent one alert of a late provider: those of its other budgets are only kept.

    `known` is by subject.
    """
    told = {
        (budget.owner, each.provider): each.alert_id
        for budget in budgets.values()
        for each in known.get(f"budget {budget.key}", {}).values()
        if each.provider is not None and each.is_open and each.is_sent
    }

    def once(alert: Alert) -> Alert:
        if alert.kind != "data_late" or not alert.is_sent:
            return alert
        loud = told.setdefault((alert.owner, alert.figures["provider"]), alert.alert_id)
        return alert if loud == alert.alert_id else dataclasses.replace(alert, is_sent=False)

    return {
        budget_id: dataclasses.replace(telling, alerts=tuple(once(alert) for alert in telling.alerts))
        if telling.alerts
        else telling
        for budget_id, telling in tellings.items()
    }


def failure_alert(owner: str, name: str, failure: str, *, since: dt.datetime, now: dt.datetime) -> Alert:
    """That a budget cannot be evaluated; one for each UTC day on which it began to fail."""
    return Alert(
        alert_id=_failure_id(owner, name, since),
        owner=owner,
        kind="budget_failed",
        severity="critical",
        subject=f"budget {owner}/{name}",
        title=f"{owner}/{name}: the budget could not be evaluated",
        message=f"{failure}. Until it is corrected, no threshold of this budget is watched.",
        raised_at=now,
    )


def failure_recovery(owner: str, name: str, *, since: dt.datetime, now: dt.datetime) -> Alert:
    """That a budget which began to fail then is evaluated again."""
    failed = _failure_id(owner, name, since)
    return Alert(
        alert_id=recovery_id(failed, since),
        owner=owner,
        kind="recovery",
        severity="info",
        subject=f"budget {owner}/{name}",
        title=f"{owner}/{name}: the budget is evaluated again",
        message="What it crossed meanwhile is told of by alerts of their own.",
        raised_at=now,
        recovers=failed,
    )


def _failure_id(owner: str, name: str, since: dt.datetime) -> str:
    return sha256("\0".join(("budget_failed", owner, name, since.date().isoformat())).encode()).hexdigest()


def _wanted(budget: Budget, alert: Alert, now: dt.datetime) -> WantedSpend | None:
    if alert.kind not in {"threshold", "forecast"} or alert.period_start is None or alert.period_end is None:
        return None
    until = min(alert.period_end - dt.timedelta.resolution, now).date() + dt.timedelta(days=1)
    since = alert.period_start.date()
    if since >= until or alert.spend == Decimal(0):
        return None
    return WantedSpend(scope=budget.scope, measure=budget.measure, currency=budget.currency, since=since, until=until)
