"""The forecast of one budget, or of a scope over the next days, made now."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.budgets.budget import Budget, Measure
from genai_finops.budgets.evaluation import BudgetState, evaluate
from genai_finops.budgets.spend_reading import reached_data_times, read_spend
from genai_finops.budgets.state_forecasts import forecasts_of
from genai_finops.budgets.stored_budget import StoredBudget
from genai_finops.control.alert_content import PLATFORM
from genai_finops.errors import FinopsError
from genai_finops.forecasting.forecast import PeriodForecast
from genai_finops.forecasting.period_forecast import LEAST_DAYS
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_scope import SpendScope
from genai_finops.warehouse.spend_times import data_times

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveForecast:
    """A forecast with the state that it goes on from."""

    state: BudgetState
    forecast: PeriodForecast


def next_days(
    scope: SpendScope, *, days: int, measure: Measure, currency: str | None, amount: Decimal | None, now: dt.datetime
) -> Budget:
    """A budget that nobody entered: the scope from today on, for so many UTC days, today included."""
    return Budget(
        owner=scope.org or PLATFORM,
        name="next-days",
        scope=scope,
        period="custom",
        time_zone="UTC",
        measure=measure,
        amount=Decimal(1) if amount is None else amount,
        currency=currency,
        valid_from=now.date(),
        valid_to=now.date() + days * _DAY,
        thresholds=(),
    )


def live_forecast(settings: Settings, budget: Budget, *, now: dt.datetime) -> LiveForecast:
    """What the budget's present period spends until its end, by what is known now.

    Raises FinopsError outside the budget's validity, with too little past, and where the warehouse cannot be read.
    """
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    flows = {provider: tuple(config.flows) for provider, config in configs.items()}
    with open_warehouse(settings) as warehouse:
        spend, _ = read_spend(warehouse, [StoredBudget(id=0, budget=budget)], now=now)
        if 0 not in spend:
            raise FinopsError(f"Budget {budget.key} has no period now", remedy="See its dates: `budget show`.")
        known, provider_times = (
            reached_data_times(budget, data_times(warehouse, with_requests=with_requests), flows)
            for with_requests in (True, False)
        )
        state = evaluate(budget, spend[0].daily, now=now, data_as_of=known, provider_as_of=provider_times)
        if state is None:
            raise FinopsError(f"Budget {budget.key} has no period now", remedy="See its dates: `budget show`.")
        forecast = forecasts_of(warehouse, {0: (budget, state, spend[0].daily)}, stored={}, now=now).get(0)
    if forecast is None:
        raise FinopsError(
            f"{budget.scope} has spent on fewer than {LEAST_DAYS} days that are known, which says nothing",
            remedy="Wait for more days, or widen the scope.",
        )
    return LiveForecast(state=state, forecast=forecast)
