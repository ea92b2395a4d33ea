"""How all budgets stand, and what is to be told of them: reads, and writes nothing."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genai_finops.budgets.alert_finishing import failure_recovery, late_data_told_once, with_drivers, with_link
from genai_finops.budgets.alert_history import alerts_by_subject
from genai_finops.budgets.alert_memory import KnownAlert, remembered
from genai_finops.budgets.evaluation import evaluate, evaluate_settling, next_change, with_forecast
from genai_finops.budgets.found_budget import Failing, FoundBudget, reason_of
from genai_finops.budgets.spend_reading import BudgetSpend, data_times_by_reach, read_spend
from genai_finops.budgets.state_forecasts import forecasts_of
from genai_finops.budgets.stored_budget import StoredBudget, read_budgets
from genai_finops.budgets.telling import alerts_of, next_telling
from genai_finops.control.budget_store import budget_rows
from genai_finops.control.budget_watch import read_watch, stored_states
from genai_finops.control.credentials import enabled_credentials
from genai_finops.control.database import reading
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.landed_days import last_landed_days
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.spend_times import data_times, moved_by_requests

log = logging.getLogger(__name__)

#: A budget that failed is looked at again after so long, also when nothing changed.
_RETRY = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
#: Where time alone moves a state (a border cuts the present UTC day), it is looked at again at each of these.
_STEP = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one look found."""

    budgets: Mapping[int, FoundBudget]
    #: Owner, name and what is wrong with the row, by id, of budgets that cannot be read.
    unreadable: Mapping[int, tuple[str, str, str]]
    #: Former states, by id of the budget.
    states: Mapping[int, Any]
    #: Version of the budgets that were looked at.
    budgets_version: int
    #: Until when nothing changes by the mere passing of time.
    next_look_at: dt.datetime

    @property
    def failed(self) -> dict[int, tuple[str, str, str]]:
        """Owner, name and reason, by id, of budgets that could not be evaluated."""
        return dict(self.unreadable) | {
            budget_id: (found.stored.budget.owner, found.stored.budget.name, found.failure)
            for budget_id, found in self.budgets.items()
            if found.failure is not None
        }


def find_all(
    settings: Settings, engine: Any, warehouse: ReadOnlyWarehouse, *, is_same_data: bool, now: dt.datetime
) -> Findings:
    """Looks at every budget.

    `is_same_data` says that the former states rest on the same data. Raises FinopsError where no spend can be read at
    all, or a configuration is wrong.
    """
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    with reading(engine) as session:
        version = read_watch(session).budgets_version
        rows = budget_rows(session)
        stored, reasons = read_budgets(rows)
        unreadable = {row.id: (row.owner, row.name, reasons[row.id]) for row in rows if row.id in reasons}
        states = stored_states(session)
        known = alerts_by_subject(session, now=now)
        credentials = [
            (one.org_slug, one.provider, one.credential_id)
            for provider in configs
            for one in enabled_credentials(session, provider)
        ]
    spend, failures = read_spend(warehouse, stored, now=now)
    landed = last_landed_days(LakeFiles(settings.lake_url), credentials, before=now.date())
    # Requests in logs tell of spend, and not of whether a provider is late.
    provider_times = data_times(warehouse, landed, with_requests=False)
    flows = {provider: tuple(config.flows) for provider, config in configs.items()}
    data_as_of = data_times_by_reach(moved_by_requests(warehouse, provider_times), flows)
    provider_as_of = data_times_by_reach(provider_times, flows)
    budgets = {
        one.id: _evaluated(
            one,
            spend,
            failures,
            data_as_of=data_as_of(one.budget),
            provider_as_of=provider_as_of(one.budget),
            now=now,
        )
        for one in stored
    }
    _forecast(warehouse, budgets, spend, states if is_same_data else {}, now)
    _tell(warehouse, budgets, states, known, base_url=settings.base_url, now=now)
    return Findings(
        budgets=budgets,
        unreadable=unreadable,
        states=states,
        budgets_version=version,
        next_look_at=_next_look(budgets, known, has_unreadable=bool(unreadable), now=now),
    )


def _evaluated(
    stored: StoredBudget,
    spend: Mapping[int, BudgetSpend],
    failures: Mapping[int, Exception],
    *,
    data_as_of: Mapping[str, dt.datetime],
    provider_as_of: Mapping[str, dt.datetime],
    now: dt.datetime,
) -> FoundBudget:
    found = FoundBudget(stored)
    if stored.id in failures:
        found.failure = reason_of(failures[stored.id])
    of_budget = spend.get(stored.id)
    if of_budget is not None:
        known: dict[str, Any] = {
            "now": now,
            "data_as_of": data_as_of,
            "provider_as_of": provider_as_of,
            "uncounted": of_budget.uncounted,
        }
        with Failing(found):
            found.present = evaluate(stored.budget, of_budget.daily, **known)
            found.settling = evaluate_settling(stored.budget, of_budget.daily, **known)
    return found


def _forecast(
    warehouse: ReadOnlyWarehouse,
    budgets: Mapping[int, FoundBudget],
    spend: Mapping[int, BudgetSpend],
    states: Mapping[int, Any],
    now: dt.datetime,
) -> None:
    wanted = {
        budget_id: (found.stored.budget, found.present, spend[budget_id].daily)
        for budget_id, found in budgets.items()
        if found.present is not None and found.failure is None
    }
    try:
        forecasts = forecasts_of(warehouse, wanted, stored=states, now=now)
    except Exception:
        # What was spent is known without it.
        log.exception("no budget has a forecast")
        return
    for budget_id, forecast in forecasts.items():
        budget, state, _ = wanted[budget_id]
        with Failing(budgets[budget_id]):
            budgets[budget_id].present = with_forecast(budget, state, forecast)


def _tell(
    warehouse: ReadOnlyWarehouse,
    budgets: Mapping[int, FoundBudget],
    states: Mapping[int, Any],
    known: Mapping[str, Mapping[str, KnownAlert]],
    *,
    base_url: str | None,
    now: dt.datetime,
) -> None:
    for budget_id, found in budgets.items():
        if found.failure is not None:
            continue
        budget, before = found.stored.budget, states.get(budget_id)
        with Failing(found):
            if before is not None and before.failure is not None:
                found.recovery = failure_recovery(budget.owner, budget.name, since=before.evaluated_at, now=now)
            found.telling = alerts_of(budget, found.states, known.get(f"budget {budget.key}", {}), now=now)
    plain = {budget_id: found.stored.budget for budget_id, found in budgets.items()}
    tellings = late_data_told_once({budget_id: found.telling for budget_id, found in budgets.items()}, known, plain)
    try:
        tellings = with_drivers(warehouse, tellings, plain, now=now)
    except Exception:
        # Without them an alert is still an alert.
        log.exception("alerts have no drivers")
    for budget_id, telling in tellings.items():
        budgets[budget_id].telling = with_link(telling, plain[budget_id], base_url)


def _next_look(
    budgets: Mapping[int, FoundBudget],
    known: Mapping[str, Mapping[str, KnownAlert]],
    *,
    has_unreadable: bool,
    now: dt.datetime,
) -> dt.datetime:
    moments = [dt.datetime.combine(now.date() + _DAY, dt.time(), dt.UTC)]
    if has_unreadable or any(found.failure is not None for found in budgets.values()):
        moments.append(now + _RETRY)
    for found in budgets.values():
        if found.failure is not None:
            continue
        budget = found.stored.budget
        after = remembered(known.get(f"budget {budget.key}", {}), found.telling, now=now)
        borders = (next_change(budget, found.present, now=now), next_telling(budget, after, now=now))
        moments += [moment if moment > now else _next_step(now) for moment in borders if moment is not None]
    return min(moments)


def _next_step(now: dt.datetime) -> dt.datetime:
    """The next quarter of an hour: how the parts of the present day move until then is not worth a look at all."""
    midnight = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    return midnight + ((now - midnight) // _STEP + 1) * _STEP
