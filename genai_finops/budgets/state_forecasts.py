"""Forecasts of budgets, made again only where what they rest on has changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.evaluation import BudgetState
from genai_finops.budgets.replay import Forecaster
from genai_finops.budgets.state_columns import stored_forecast
from genai_finops.forecasting.forecast import KnownChange, PeriodForecast
from genai_finops.forecasting.known_changes import ChangedScope, known_changes
from genai_finops.forecasting.period_forecast import forecast_many
from genai_finops.forecasting.wanted import WantedForecast
from genai_finops.warehouse.base import ReadOnlyWarehouse

_DAY = dt.timedelta(days=1)


def forecasts_of(
    warehouse: ReadOnlyWarehouse,
    wanted: Mapping[int, tuple[Budget, BudgetState, Mapping[dt.date, Decimal]]],
    *,
    stored: Mapping[int, Any],
    now: dt.datetime,
) -> dict[int, PeriodForecast]:
    """A forecast of the present period of each budget, by id; none where there is too little to say anything.

    `wanted` is each budget, how it stands, and its spend by UTC day. `stored` are former states, by id, that rest on
    the same data: their forecasts are kept where period and amount are the same.
    """
    kept = {budget_id: _kept(stored.get(budget_id), state, now) for budget_id, (_, state, _) in wanted.items()}
    missing = {budget_id: one for budget_id, one in wanted.items() if kept[budget_id] is None}
    changes = known_changes(
        warehouse,
        [
            ChangedScope(scope=budget.scope, measure=budget.measure, currency=budget.currency)
            for budget, _, _ in missing.values()
        ],
        today=now.date(),
        until=max((state.period.end.date() for _, state, _ in missing.values()), default=now.date()) + _DAY,
    )
    made = forecast_many(
        [
            _wanted(state, spend, _known_until(state, now), of_budget)
            for (_, state, spend), of_budget in zip(missing.values(), changes, strict=True)
        ]
    )
    found = kept | dict(zip(missing, made, strict=True))
    return {budget_id: forecast for budget_id, forecast in found.items() if forecast is not None}


def forecaster_of(changes: Sequence[KnownChange] = ()) -> Forecaster:
    """What a replay makes its forecasts with: the method of the ticks, over what was known then."""

    def forecast(state: BudgetState, spend: Mapping[dt.date, Decimal], first_unknown: dt.date) -> PeriodForecast | None:
        return forecast_many([_wanted(state, spend, first_unknown, changes)])[0]

    return forecast


def _wanted(
    state: BudgetState, spend: Mapping[dt.date, Decimal], known_until: dt.date, changes: Sequence[KnownChange]
) -> WantedForecast:
    return WantedForecast(
        spend=spend,
        start=state.period.start,
        end=state.period.end,
        known_until=known_until,
        now=state.evaluated_at,
        spent=state.spend,
        amount=state.available,
        changes=changes,
    )


def _known_until(state: BudgetState, now: dt.datetime) -> dt.date:
    """First UTC day that is not wholly known: requests in logs are not all that a day has."""
    return min(now, *state.provider_as_of.values()).date() if state.provider_as_of else now.date()


def _kept(row: Any, state: BudgetState, now: dt.datetime) -> PeriodForecast | None:
    if row is None or row.failure is not None or row.evaluated_at.date() != now.date():
        return None
    before = (row.period_start, row.period_end, row.available, row.spend)
    if before != (state.period.start, state.period.end, state.available, state.spend):
        return None
    return stored_forecast(row)
