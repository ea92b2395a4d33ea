"""How a budget stands: a function of cost, calendar and `now`. Nothing is stored, and nothing needs a reset."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import TypeGuard

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.day_shares import EXACT, spend_in
from genai_finops.budgets.periods import Period, next_border, period_at, settling_periods
from genai_finops.budgets.rollover import carried_into
from genai_finops.forecasting.forecast import PeriodForecast

#: Forecasts that rest on fewer days of the past cross no threshold.
LEAST_HISTORY_DAYS = 7
_SHARE = attrgetter("share")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """How a budget stands in one period. Amounts are in its currency, or tokens."""

    period: Period
    evaluated_at: dt.datetime
    #: Amount of the period with what was carried into it.
    available: Decimal
    carried: Decimal
    #: Known so far. May be below 0, and may go down: providers restate and give credits.
    spend: Decimal
    #: None for tokens.
    currency: str | None
    #: None without one, and for periods that have ended.
    forecast: PeriodForecast | None = None
    #: Thresholds that hold now, in their order.
    crossed: tuple[Threshold, ...] = ()
    #: Moment before which everything is known, of each provider that the scope reaches.
    data_as_of: Mapping[str, dt.datetime] = field(default_factory=dict)
    #: The same without what logs of requests tell.
    provider_as_of: Mapping[str, dt.datetime] = field(default_factory=dict)
    #: Providers whose own data is older than it should be.
    late: tuple[str, ...] = ()
    #: Spend of the period in other currencies, which is never added.
    uncounted: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def share(self) -> Decimal:
        """Part of what is available that is spent."""
        return self.spend / self.available

    @property
    def is_late(self) -> bool:
        return bool(self.late)

    @property
    def is_blocked(self) -> bool:
        """Whether a threshold holds whose action is to block."""
        return any("block" in threshold.actions for threshold in self.crossed)

    @property
    def known_until(self) -> dt.datetime | None:
        """The least of `data_as_of`; None where no provider is known to matter."""
        return min(self.data_as_of.values(), default=None)

    @property
    def is_over(self) -> bool:
        """Whether the period had ended."""
        return self.period.end <= self.evaluated_at


def evaluate(
    budget: Budget,
    spend: Mapping[dt.date, Decimal],
    *,
    now: dt.datetime,
    data_as_of: Mapping[str, dt.datetime],
    provider_as_of: Mapping[str, dt.datetime] | None = None,
    uncounted: Mapping[str, Mapping[dt.date, Decimal]] | None = None,
) -> BudgetState | None:
    """How the budget stands in its present period, without a forecast; None outside its validity (`standing_at`).

    `spend` is by UTC day in the budget's currency or tokens, and `uncounted` by currency; days beyond `needed_days`
    do not matter. `data_as_of` has the providers that the scope reaches; where logs of requests move it, give what they
    themselves have told of as `provider_as_of`, by which data is late.
    """
    period = period_at(budget, now)
    if period is None:
        return None
    return _state(
        budget, period, spend, now=now, data_as_of=data_as_of, provider_as_of=provider_as_of, uncounted=uncounted
    )


def evaluate_settling(
    budget: Budget,
    spend: Mapping[dt.date, Decimal],
    *,
    now: dt.datetime,
    data_as_of: Mapping[str, dt.datetime],
    provider_as_of: Mapping[str, dt.datetime] | None = None,
    uncounted: Mapping[str, Mapping[dt.date, Decimal]] | None = None,
) -> tuple[BudgetState, ...]:
    """How the budget stands in periods that have ended less than SETTLING ago; the earliest first.

    Their last days are only known after they have ended: without these, what they crossed would never be told.
    """
    periods = settling_periods(budget, now)
    return tuple(
        _state(
            budget, period, spend, now=now, data_as_of=data_as_of, provider_as_of=provider_as_of, uncounted=uncounted
        )
        for period in periods
    )


def with_forecast(budget: Budget, state: BudgetState, forecast: PeriodForecast | None) -> BudgetState:
    """The state with the forecast and the thresholds that it crosses.

    A threshold of forecasts is crossed while its share is forecast and not yet spent.
    """
    return dataclasses.replace(
        state, forecast=forecast, crossed=_crossed(budget, state.spend, state.available, forecast)
    )


def is_spent(state: BudgetState, share: Decimal) -> bool:
    """Whether the share of what is available is spent."""
    return state.spend >= EXACT.multiply(state.available, share)


def is_expected(state: BudgetState, share: Decimal) -> bool | None:
    """Whether the share is forecast to be spent by the end of the period; None where nothing can be said."""
    if not _counts(state.forecast):
        return None
    return state.forecast.total >= EXACT.multiply(state.available, share)


def next_change(budget: Budget, state: BudgetState | None, *, now: dt.datetime) -> dt.datetime | None:
    """Until when the states stay as they are unless data comes; None: for ever.

    It is `now` where time alone moves them: the spend of the present day is shared with the period before.
    Reminders and cool-downs are not states: see `next_telling`.
    """
    border = next_border(budget, now)
    midnight = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    if any(period.end > midnight for period in settling_periods(budget, now)):
        return now
    if state is None:
        return border
    lateness = (moment + budget.late_after + dt.timedelta.resolution for moment in state.provider_as_of.values())
    return min(moment for moment in (border, *lateness) if moment is not None and moment > now)


def _state(
    budget: Budget,
    period: Period,
    spend: Mapping[dt.date, Decimal],
    *,
    now: dt.datetime,
    data_as_of: Mapping[str, dt.datetime],
    provider_as_of: Mapping[str, dt.datetime] | None,
    uncounted: Mapping[str, Mapping[dt.date, Decimal]] | None,
) -> BudgetState:
    carried = carried_into(budget, spend, period, now=now)
    others = {
        currency: spend_in(by_day, period, budget.measure, now=now)
        for currency, by_day in sorted((uncounted or {}).items())
    }
    own_as_of = data_as_of if provider_as_of is None else provider_as_of
    available = EXACT.add(budget.amount, carried)
    spent = spend_in(spend, period, budget.measure, now=now)
    return BudgetState(
        period=period,
        evaluated_at=now,
        available=available,
        carried=carried,
        spend=spent,
        currency=budget.currency,
        crossed=_crossed(budget, spent, available, None),
        data_as_of=data_as_of,
        provider_as_of=own_as_of,
        late=tuple(
            provider
            for provider, moment in sorted(own_as_of.items())
            # What is known to its end lacks nothing.
            if moment < period.end and now - moment > budget.late_after
        ),
        uncounted={currency: amount for currency, amount in others.items() if amount},
    )


def _crossed(
    budget: Budget, spent: Decimal, available: Decimal, forecast: PeriodForecast | None
) -> tuple[Threshold, ...]:
    expected = forecast.total if _counts(forecast) else spent
    least = min(map(_SHARE, budget.thresholds), default=None)
    # Most budgets cross nothing: the least threshold tells it of all.
    if least is None or max(spent, expected) < EXACT.multiply(available, least):
        return ()
    return tuple(
        threshold
        for threshold in budget.thresholds
        if _holds(threshold, spent, expected, EXACT.multiply(available, threshold.share))
    )


def _holds(threshold: Threshold, spent: Decimal, expected: Decimal, bound: Decimal) -> bool:
    return spent >= bound if threshold.kind == "actual" else spent < bound <= expected


def _counts(forecast: PeriodForecast | None) -> TypeGuard[PeriodForecast]:
    return forecast is not None and forecast.history_days >= LEAST_HISTORY_DAYS
