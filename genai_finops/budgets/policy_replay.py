"""A budget over the history that the warehouse has."""

import dataclasses
import datetime as dt

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import local_midnight, needed_days
from genai_finops.budgets.replay import ReplayResult, replay
from genai_finops.budgets.spend_reading import FORECAST_DAYS, reached_data_times
from genai_finops.budgets.state_forecasts import forecaster_of
from genai_finops.errors import FinopsError
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings
from genai_finops.warehouse.budget_spend import WantedSpend, daily_spend
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_times import data_times

#: A look an hour: figures of closed days move once a day, and borders lie on full hours nearly everywhere.
_STEP = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_MAX_DAYS = 800


def replay_budget(settings: Settings, budget: Budget, *, first: dt.date, last: dt.date) -> ReplayResult:
    """What the budget would have told and blocked on the days first to last of its time zone.

    A budget that begins later is replayed as if it had begun on the first day. What is scheduled now was not known
    then: forecasts are made without it. Raises FinopsError for too many days, and where the warehouse cannot be read.
    """
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise FinopsError(
            f"{first} to {last} cannot be replayed", remedy=f"Give 1 to {_MAX_DAYS} days, the earlier one first."
        )
    budget = dataclasses.replace(budget, valid_from=min(budget.valid_from, first))
    begin, end = local_midnight(first, budget.time_zone), local_midnight(last + _DAY, budget.time_zone)
    needed = needed_days(budget, begin)
    wanted = WantedSpend(
        scope=budget.scope,
        measure=budget.measure,
        currency=budget.currency,
        since=min(begin.date() - FORECAST_DAYS * _DAY, begin.date() if needed is None else needed[0]),
        until=end.date() + _DAY,
    )
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    flows = {provider: tuple(config.flows) for provider, config in configs.items()}
    with open_warehouse(settings) as warehouse:
        (spend,) = daily_spend(warehouse, [wanted])
        providers = sorted(reached_data_times(budget, data_times(warehouse), flows))
    moments = (begin + number * _STEP for number in range((end - begin) // _STEP + 1))
    return replay(budget, spend, moments=moments, providers=providers, forecaster=forecaster_of())
