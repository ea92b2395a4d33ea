"""Looks for anomalies on days: rows of the warehouse, the marks, known events, and what the control database keeps."""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.alerts.alert import Alert, Driver
from genai_finops.anomalies.config import AnomalyConfig, load_anomaly_config
from genai_finops.anomalies.detection import DayCost, Deviation, deviations, severity_of
from genai_finops.anomalies.explanation import Explanation, explain
from genai_finops.control.alert_log import raise_alerts
from genai_finops.control.anomaly_models import KnownEvent
from genai_finops.control.anomaly_store import Anomaly, record_anomalies
from genai_finops.control.attribution_findings import list_findings
from genai_finops.control.attribution_models import AttributionFinding
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.database import open_database, writing
from genai_finops.control.known_events import list_events, muting_event
from genai_finops.settings import Settings
from genai_finops.warehouse.anomaly_costs import day_costs
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.explained_costs import period_costs
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_scope import SpendScope
from genai_finops.warehouse.spend_times import data_times

_ONE_DAY = dt.timedelta(days=1)
_CENT = Decimal("0.01")
_DRIVERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was looked at and found."""

    days: tuple[dt.date, ...]
    anomalies: tuple[Anomaly, ...]
    #: Of these, how many were not known before, or resolved.
    raised: int
    #: Anomalies of before that no longer hold.
    resolved: int
    #: Alerts that were new, of anomalies and of findings of the attribution.
    alerts: int


def scan_anomalies(settings: Settings, days: Collection[dt.date], *, now: dt.datetime) -> Scan:
    """Look at these days, as far as they are over, store what is found, and raise alerts of what is new.

    Alerts of anomalies and of open findings of the attribution are raised in the transaction that stores the
    anomalies. Raises FinopsError where the configuration, the warehouse or the control database cannot be read.
    """
    config = load_anomaly_config(settings.anomaly_config_path)
    wanted = tuple(sorted(day for day in set(days) if day < now.date()))
    with open_warehouse(settings) as warehouse:
        found = _found(warehouse, wanted, config) if wanted else []
    engine = open_database(settings)
    try:
        with writing(engine) as session:
            events = list_events(session)
            anomalies = tuple(_anomaly(one, explained, events, config) for one, explained in found)
            raised, resolved = record_anomalies(session, anomalies, wanted, now) if wanted else (0, 0)
            drivers = {_id_of(one): _drivers(explained) for one, explained in found}
            alerts = [
                _alert(anomaly, drivers[anomaly.anomaly_id], settings.base_url, now)
                for anomaly in anomalies
                if anomaly.muted_by is None and _is_recent(anomaly.usage_date, anomaly.org, config, now)
            ]
            alerts += [
                _finding_alert(finding, now)
                for finding in list_findings(session)
                if finding.usage_date is not None and _is_recent(finding.usage_date, finding.org_slug, config, now)
            ]
            new = raise_alerts(session, alerts, now=now)
    finally:
        engine.dispose()
    return Scan(days=wanted, anomalies=anomalies, raised=raised, resolved=resolved, alerts=len(new))


def anomaly_id(org: str, scope: Mapping[str, str], currency: str, day: dt.date, direction: str) -> str:
    """The same for the same thing, whenever and however often it is found."""
    # As JSON, because a name may hold whatever else would part it from its neighbour.
    told = json.dumps([org, sorted(scope.items()), currency, day.isoformat(), direction])
    return hashlib.sha256(told.encode()).hexdigest()


def _is_recent(day: dt.date, org: str, config: AnomalyConfig, now: dt.datetime) -> bool:
    return day >= now.date() - config.marks_of(org).alert_days * _ONE_DAY


def _found(
    warehouse: ReadOnlyWarehouse, days: Sequence[dt.date], config: AnomalyConfig
) -> list[tuple[Deviation, Explanation]]:
    rows = day_costs(warehouse, days[0] - config.longest_lookback * _ONE_DAY, days[-1])
    by_org: defaultdict[str, list[DayCost]] = defaultdict(list)
    for day, org, provider, model, tenant, task, currency, cost in rows:
        by_org[org].append(
            DayCost(
                day=day,
                org=org,
                provider=provider,
                model=model,
                tenant=tenant,
                task=task,
                currency=currency,
                cost=Decimal(str(cost)),
            )
        )
    known_until = data_times(warehouse, with_requests=False)
    found = []
    for org, costs in sorted(by_org.items()):
        for day in days:
            for deviation in deviations(costs, day, config.marks_of(org)):
                if deviation.direction == "down" and _is_late(costs, deviation, known_until):
                    continue
                found.append((deviation, _explained(warehouse, deviation)))
    return found


def _is_late(
    costs: Sequence[DayCost], deviation: Deviation, known_until: Mapping[tuple[str, str], dt.datetime]
) -> bool:
    """Whether a provider that usually has cost has not told of the whole day: less is then no anomaly, but late."""
    end = dt.datetime.combine(deviation.day + _ONE_DAY, dt.time(), dt.UTC)
    usual = {row.provider for row in costs if row.day == deviation.baseline_day}
    scope = deviation.scope.as_mapping()
    reached = usual & {scope["provider"]} if "provider" in scope else usual
    return any(known_until.get((deviation.org, provider), end) < end for provider in reached)


def _explained(warehouse: ReadOnlyWarehouse, deviation: Deviation) -> Explanation:
    before, after = (
        period_costs(warehouse, deviation.scope, [day], "effective") for day in (deviation.baseline_day, deviation.day)
    )
    told = {one.currency: one for one in explain(before, after)}
    return told[deviation.currency]


def _id_of(deviation: Deviation) -> str:
    scope = deviation.scope.as_mapping()
    return anomaly_id(deviation.org, scope, deviation.currency, deviation.day, deviation.direction)


def _anomaly(
    deviation: Deviation, explained: Explanation, events: Sequence[KnownEvent], config: AnomalyConfig
) -> Anomaly:
    scope = deviation.scope.as_mapping()
    event = muting_event(events, deviation.org, scope, deviation.day)
    return Anomaly(
        anomaly_id=_id_of(deviation),
        org=deviation.org,
        scope=scope,
        usage_date=deviation.day,
        direction=deviation.direction,
        severity=severity_of(deviation.difference, config.marks_of(deviation.org)),
        currency=deviation.currency,
        actual=explained.after,
        expected=explained.before,
        allowed=deviation.allowed,
        baseline_day=deviation.baseline_day,
        effects={str(effect): amount for effect, amount in explained.effects.items()},
        message=_message(deviation, explained),
        muted_by=None if event is None else event.name,
    )


def _message(deviation: Deviation, explained: Explanation) -> str:
    largest = sorted(explained.effects.items(), key=lambda item: -abs(item[1]))[:_DRIVERS]
    told = ", ".join(f"{effect.replace('_', ' ')} {_signed(amount)}" for effect, amount in largest)
    return (
        f"{_shown(deviation.scope)} cost {explained.after.quantize(_CENT)} {deviation.currency} on {deviation.day}, "
        f"where {explained.before.quantize(_CENT)} give or take {deviation.allowed.quantize(_CENT)} were expected "
        f"(as on {deviation.baseline_day}): {_signed(explained.change)}, of which {told}"
    )


def _shown(scope: SpendScope) -> str:
    return ", ".join(f"{dimension} {shown_name(value)}" for dimension, value in scope.values)


def _signed(amount: Decimal) -> str:
    return f"{amount.quantize(_CENT):+}"


def _drivers(explained: Explanation) -> tuple[Driver, ...]:
    parts = [
        Driver(name=f"{effect.replace('_', ' ')} of {shown_name(name)}", amount=amount.quantize(_CENT))
        for effect, found in explained.behind.items()
        for name, amount in found[:_DRIVERS]
    ]
    return tuple(sorted(parts, key=lambda driver: (-abs(driver.amount), driver.name))[:_DRIVERS])


def _alert(anomaly: Anomaly, drivers: tuple[Driver, ...], base_url: str | None, now: dt.datetime) -> Alert:
    start = dt.datetime.combine(anomaly.usage_date, dt.time(), dt.UTC)
    shown = ",".join(f"{dimension}={shown_name(value)}" for dimension, value in anomaly.scope.items())
    change = _signed(anomaly.actual - anomaly.expected)
    return Alert(
        alert_id=anomaly.anomaly_id,
        owner=anomaly.org,
        kind="anomaly",
        severity=anomaly.severity,
        subject=f"anomaly {shown}",
        title=f"{shown}: {change} {anomaly.currency} on {anomaly.usage_date} beside what was expected",
        message=anomaly.message,
        raised_at=now,
        currency=anomaly.currency,
        spend=anomaly.actual,
        period_start=start,
        period_end=start + _ONE_DAY,
        drivers=drivers,
        link=base_url,
        figures={
            "expected": str(anomaly.expected),
            "allowed_difference": str(anomaly.allowed),
            "baseline_day": anomaly.baseline_day.isoformat(),
            **{f"effect {effect}": str(amount) for effect, amount in anomaly.effects.items()},
        },
    )


def _finding_alert(finding: AttributionFinding, now: dt.datetime) -> Alert:
    told = json.dumps(["finding", finding.org_slug, finding.finding_id])
    return Alert(
        alert_id=hashlib.sha256(told.encode()).hexdigest(),
        owner=finding.org_slug,
        kind="finding",
        severity=finding.severity,
        subject=f"finding {finding.kind}",
        title=f"{finding.kind.replace('_', ' ').capitalize()} of {finding.org_slug} on {finding.usage_date}",
        message=finding.message,
        raised_at=now,
        figures=finding.figures,
    )
