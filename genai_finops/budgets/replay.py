"""What a budget would have told and blocked in the past."""

import dataclasses
import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.alert_memory import KnownAlert, Reminder, remembered
from genai_finops.budgets.budget import Budget
from genai_finops.budgets.day_shares import spend_in
from genai_finops.budgets.evaluation import BudgetState, evaluate, evaluate_settling, with_forecast
from genai_finops.budgets.periods import Period
from genai_finops.budgets.telling import alerts_of
from genai_finops.forecasting.forecast import PeriodForecast

#: From the start of a day until the consolidation at 06:00 UTC of the next one.
KNOWN_AFTER = dt.timedelta(hours=30)
_DAY = dt.timedelta(days=1)
_ALL_DAYS_OVER = dt.datetime.max.replace(tzinfo=dt.UTC)

#: Forecast for a state from the spend by UTC day that was known then, all of it before the day given.
Forecaster = Callable[[BudgetState, Mapping[dt.date, Decimal], dt.date], PeriodForecast | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedInterval:
    """A time in which the budget blocked."""

    period: Period
    since: dt.datetime
    #: The next look that found room, or the end of the period; None: it still blocked at the last look.
    until: dt.datetime | None
    #: What was spent in it all the same, and would have been refused. Of cut days their share by time.
    spend: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What would have been told and blocked, in order."""

    alerts: tuple[Alert, ...]
    reminders: tuple[Reminder, ...]
    blocked: tuple[BlockedInterval, ...]
    #: How it stood at the last look; None outside the validity.
    last: BudgetState | None


def replay(
    budget: Budget,
    spend: Mapping[dt.date, Decimal],
    *,
    moments: Iterable[dt.datetime],
    known_after: dt.timedelta = KNOWN_AFTER,
    providers: Sequence[str] = (),
    forecaster: Forecaster | None = None,
) -> ReplayResult:
    """Looks at the budget at each of the moments, which rise, as a tick would have.

    Of a UTC day everything is known from `known_after` its start on, and nothing before. History is as it stands now:
    what providers have restated since is not told apart. `providers` are those that the scope reaches.
    """
    watch = _Watch(budget, spend)
    for now in moments:
        watch.look(now, first_unknown=(now - known_after).date() + _DAY, providers=providers, forecaster=forecaster)
    return watch.result()


class _Watch:
    """A budget over time, with a log of alerts in memory."""

    def __init__(self, budget: Budget, spend: Mapping[dt.date, Decimal]) -> None:
        self._budget, self._spend = budget, spend
        self._days = sorted(spend)
        self._spend_known: dict[dt.date, Decimal] = {}
        self._log: dict[str, KnownAlert] = {}
        self._forecasts: dict[tuple[object, ...], PeriodForecast | None] = {}
        self._alerts: list[Alert] = []
        self._reminders: list[Reminder] = []
        self._blocked: list[BlockedInterval] = []
        self._last: BudgetState | None = None
        self._looked_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def look(
        self, now: dt.datetime, *, first_unknown: dt.date, providers: Sequence[str], forecaster: Forecaster | None
    ) -> None:
        known = self._known_before(first_unknown)
        known_until = min(now, dt.datetime.combine(first_unknown, dt.time(), dt.UTC))
        data_as_of = dict.fromkeys(providers, known_until)
        state = evaluate(self._budget, known, now=now, data_as_of=data_as_of)
        settling = evaluate_settling(self._budget, known, now=now, data_as_of=data_as_of)
        if state is not None and forecaster is not None:
            state = with_forecast(self._budget, state, self._forecast(state, known, first_unknown, forecaster))
        telling = alerts_of(self._budget, [*settling, *([] if state is None else [state])], self._log, now=now)
        self._log = remembered(self._log, telling, now=now)
        self._alerts += telling.alerts
        self._reminders += telling.reminders
        self._note_block(state, now)
        self._last, self._looked_at = state, now

    def result(self) -> ReplayResult:
        return ReplayResult(
            alerts=tuple(self._alerts),
            reminders=tuple(self._reminders),
            blocked=tuple(
                dataclasses.replace(each, spend=self._spend_within(each.since, each.until or self._looked_at))
                for each in self._blocked
            ),
            last=self._last,
        )

    def _known_before(self, day: dt.date) -> Mapping[dt.date, Decimal]:
        count = bisect_left(self._days, day)
        if count != len(self._spend_known):
            self._spend_known = {each: self._spend[each] for each in self._days[:count]}
        return self._spend_known

    def _forecast(
        self, state: BudgetState, known: Mapping[dt.date, Decimal], first_unknown: dt.date, forecaster: Forecaster
    ) -> PeriodForecast | None:
        of = (state.period, state.available, first_unknown)
        if of not in self._forecasts:
            self._forecasts = {of: forecaster(state, known, first_unknown)}
        return self._forecasts[of]

    def _note_block(self, state: BudgetState | None, now: dt.datetime) -> None:
        under_way = self._blocked[-1] if self._blocked and self._blocked[-1].until is None else None
        if under_way is not None:
            if state is not None and state.is_blocked and state.period == under_way.period:
                return
            self._blocked[-1] = dataclasses.replace(under_way, until=min(now, under_way.period.end))
        if state is not None and state.is_blocked:
            self._blocked.append(BlockedInterval(period=state.period, since=now, until=None, spend=Decimal(0)))

    def _spend_within(self, since: dt.datetime, until: dt.datetime) -> Decimal:
        return spend_in(self._spend, Period(since, until), self._budget.measure, now=_ALL_DAYS_OVER)
