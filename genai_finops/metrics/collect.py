"""Reads what the metrics say from the stores."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from genai_finops.budgets.budget import Severity
from genai_finops.control.alert_figures import failed_attempts
from genai_finops.control.alert_outbox import delivery_counts
from genai_finops.control.budget_models import BudgetRow, BudgetStateRow
from genai_finops.control.budget_store import budget_states, last_tick, list_budgets
from genai_finops.control.database import open_database, reading
from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import landed_days
from genai_finops.lake.files import LakeFiles
from genai_finops.metrics.figures import BudgetFigure, ControlFigures, PlatformFigures, WarehouseFigures
from genai_finops.metrics.partition_states import LOOKED_BACK, partition_states
from genai_finops.settings import Settings
from genai_finops.warehouse.metric_totals import (
    provider_costs,
    provider_differences,
    provider_pricing,
    provider_tokens,
)
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_times import data_times

_SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical", "exceeded")


def platform_figures(settings: Settings, *, now: dt.datetime, before: PlatformFigures | None = None) -> PlatformFigures:
    """What the stores hold at `now`.

    While a build holds the warehouse, what it held `before` stands. Raises FinopsError where the control database or
    the lake cannot be read.
    """
    return PlatformFigures(
        now=now,
        warehouse=_warehouse_figures(settings, now) or (before.warehouse if before else None),
        control=_control_figures(settings, now),
        partitions=partition_states(landed_days(LakeFiles(settings.lake_url)), now.date()),
    )


def _warehouse_figures(settings: Settings, now: dt.datetime) -> WarehouseFigures | None:
    today = now.date()
    periods = {"today": today, "month_to_date": today.replace(day=1)}
    try:
        with open_warehouse(settings) as warehouse:
            return WarehouseFigures(
                read_at=now,
                costs={name: tuple(provider_costs(warehouse, first, today)) for name, first in periods.items()},
                tokens=tuple(provider_tokens(warehouse)),
                pricing=tuple(provider_pricing(warehouse, today - LOOKED_BACK, today)),
                differences=tuple(provider_differences(warehouse, today - LOOKED_BACK, today)),
                data_times=data_times(warehouse),
            )
    except FinopsError:
        return None


def _control_figures(settings: Settings, now: dt.datetime) -> ControlFigures:
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            states = budget_states(session)
            counts = delivery_counts(session, now=now)
            return ControlFigures(
                budgets=tuple(_budget(row, states.get(row.id)) for row in list_budgets(session)),
                ticked_at=last_tick(session),
                deliveries=counts.by_channel,
                failures=failed_attempts(session),
                unrouted=counts.unrouted,
            )
    finally:
        engine.dispose()


def _budget(row: BudgetRow, state: BudgetStateRow | None) -> BudgetFigure:
    return BudgetFigure(
        owner=row.owner,
        name=row.name,
        share=None if state is None else _share(state.spend, state.available),
        severity=None if state is None else _highest(state.crossed),
        is_blocked=state is not None and state.is_blocked,
        status="new" if state is None else state.status,
    )


def _share(spend: Decimal | None, available: Decimal | None) -> Decimal | None:
    return None if spend is None or not available else spend / available


def _highest(crossed: Mapping[str, str]) -> str | None:
    return max(_known(crossed.values()), key=_SEVERITIES.index, default=None)


def _known(severities: Iterable[str]) -> list[Severity]:
    return [severity for severity in _SEVERITIES if severity in set(severities)]
