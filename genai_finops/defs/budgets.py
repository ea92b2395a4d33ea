"""Budgets: looked at every five minutes; what is to be told of them is sent every minute, whatever runs meanwhile."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from genai_finops.budgets.stored_budget import load_budgets
from genai_finops.budgets.tick import TickResult
from genai_finops.control.budget_store import budget_states
from genai_finops.control.database import open_database, reading
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import warehouse_key
from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.settings import Settings

CHECK = "budgets_are_kept"
_SPEND_KEY = warehouse_key(BUDGET_SPEND_DAILY.name)
_MAX_SHOWN = 100
_TOLD = ("exceeded", "critical")


# Running from the start, like the sensor of the freshness checks: they start no run.
@dg.sensor(minimum_interval_seconds=300, default_status=dg.DefaultSensorStatus.RUNNING)
def budget_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult | dg.SkipReason:
    """Evaluates the budgets. While a build writes the warehouse, what was found before stands."""
    result = platform.evaluate_budgets()
    if result.skipped is not None:
        return dg.SkipReason(f"no budget was evaluated: {result.skipped}")
    for key, reason in result.failed.items():
        context.log.warning("budget %s could not be evaluated: %s", key, reason)
    if result.is_unchanged or not (result.changed or result.raised):
        return dg.SkipReason(f"nothing changed: {result.evaluated} budgets evaluated, {result.seconds:.1f} s")
    return dg.SensorResult(asset_events=list(_asset_events(result, platform.settings())))


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def alert_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
    """Sends the alerts that are due. Two daemons that do it at once send each once."""
    report = platform.send_alerts()
    if report.dead:
        context.log.error("%d deliveries were given up: genai-finops alert dead-letters", report.dead)
    if report.failed:
        context.log.warning("%d deliveries failed, and are tried again", report.failed)
    return dg.SkipReason(f"{report.sent} sent, {report.failed} to be tried again, {report.put_off} put off")


def _asset_events(result: TickResult, settings: Settings) -> Iterator[dg.AssetObservation | dg.AssetCheckEvaluation]:
    yield dg.AssetObservation(
        asset_key=_SPEND_KEY,
        description=f"{result.evaluated} budgets evaluated, {len(result.raised)} new alerts",
        metadata={
            "evaluated": result.evaluated,
            "changed": result.changed,
            "failed": len(result.failed),
            "new_alerts": len(result.raised),
            "reminders": result.reminded,
            "seconds": round(result.seconds, 3),
            "alerts": _table(
                ("severity", "budget", "title"),
                [(alert.severity, alert.subject, alert.title) for alert in result.raised],
            ),
        },
    )
    told, standing = _told(settings)
    yield dg.AssetCheckEvaluation(
        asset_key=_SPEND_KEY,
        check_name=CHECK,
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=_check_metadata(told, standing),
    )


@dg.asset_check(
    asset=_SPEND_KEY,
    name=CHECK,
    description="No budget is spent beyond a critical mark, blocks, fails or waits for data. The budget sensor "
    "evaluates it whenever a state changes.",
)
def kept_budgets(platform: PlatformResource) -> dg.AssetCheckResult:
    """How they stood at the last tick, without looking again."""
    told, standing = _told(platform.settings())
    return dg.AssetCheckResult(
        passed=not told, severity=dg.AssetCheckSeverity.WARN, metadata=_check_metadata(told, standing)
    )


def _told(settings: Settings) -> tuple[list[tuple[str, str, str]], int]:
    """Budget, share and reason of those that are not kept, and how many budgets there are."""
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            budgets = load_budgets(session)
            states = budget_states(session)
            told = [
                (stored.budget.key, _share(state), ", ".join(reasons))
                for stored in budgets
                if (state := states.get(stored.id)) is not None and (reasons := _reasons(state))
            ]
            return told, len(budgets)
    finally:
        engine.dispose()


def _reasons(state: Any) -> list[str]:
    if state.failure is not None:
        return [f"failed: {state.failure}"]
    if state.status != "evaluated":
        return []
    severities = {severity for name, severity in state.crossed.items() if name.startswith("actual")}
    found = [severity for severity in _TOLD if severity in severities][:1]
    return [*found, *(["blocked"] if state.is_blocked else []), *(["data late"] if state.is_late else [])]


def _share(state: Any) -> str:
    return f"{state.spend / state.available * 100:.1f} %" if state.available else "-"


def _check_metadata(told: list[tuple[str, str, str]], standing: int) -> dict[str, Any]:
    return {"budgets": standing, "not_kept": _table(("budget", "spent", "reason"), told)}


def _table(columns: tuple[str, ...], rows: list[tuple[str, str, str]]) -> dg.MetadataValue:
    records = [dg.TableRecord(dict(zip(columns, row, strict=True))) for row in rows[:_MAX_SHOWN]]
    return dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(name) for name in columns]))


def definitions() -> dg.Definitions:
    """The sensors, and the check of how budgets stand."""
    return dg.Definitions(sensors=[budget_sensor, alert_sensor], asset_checks=[kept_budgets])
