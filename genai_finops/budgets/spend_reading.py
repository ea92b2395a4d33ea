"""What a tick reads of the warehouse: spend of many budgets at once, and until when it is known."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import needed_days
from genai_finops.budgets.stored_budget import StoredBudget
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import WantedSpend, daily_spend, other_currencies
from genai_finops.warehouse.seen_spend import seen_currencies
from genai_finops.warehouse.spend_scope import SpendScope

#: Past that forecasts rest on.
FORECAST_DAYS = 56
_DAY = dt.timedelta(days=1)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpend:
    """What was spent of one budget, by UTC day."""

    daily: Mapping[dt.date, Decimal]
    #: In other currencies than the budget's.
    uncounted: Mapping[str, Mapping[dt.date, Decimal]] = field(default_factory=dict)


def read_spend(
    warehouse: ReadOnlyWarehouse, budgets: Sequence[StoredBudget], *, now: dt.datetime
) -> tuple[dict[int, BudgetSpend], dict[int, Exception]]:
    """Spend before `now` of each budget that has a period to look at, and what was in the way of the others, by id.

    One that cannot be read does not keep the others from it. Raises what was in the way of all.
    """
    wanted: dict[int, WantedSpend] = {}
    broken: dict[int, Exception] = {}
    for stored in budgets:
        try:
            found = _wanted(stored.budget, now)
        except Exception as error:  # noqa: BLE001 - whatever one budget brings about must not silence the others
            broken[stored.id] = error
        else:
            if found is not None:
                wanted[stored.id] = found
    daily, failures = _apart(lambda some: daily_spend(warehouse, some), wanted)
    if failures and not daily:
        raise next(iter(failures.values()))
    failures |= broken
    uncounted: dict[int, Mapping[str, Mapping[dt.date, Decimal]]] = {}
    if _has_several_currencies(warehouse):
        readable = {budget_id: one for budget_id, one in wanted.items() if budget_id in daily}
        uncounted, others = _apart(lambda some: other_currencies(warehouse, some), readable)
        failures |= others
    return {
        budget_id: BudgetSpend(daily=by_day, uncounted=uncounted.get(budget_id, {}))
        for budget_id, by_day in daily.items()
        if budget_id not in failures
    }, failures


def data_times_by_reach(
    known: Mapping[tuple[str, str], dt.datetime], flows: Mapping[str, Sequence[str]]
) -> Callable[[Budget], Mapping[str, dt.datetime]]:
    """`reached_data_times` for very many budgets: scopes that reach the same are answered once."""
    found: dict[tuple[str | None, ...], Mapping[str, dt.datetime]] = {}

    def reached(budget: Budget) -> Mapping[str, dt.datetime]:
        scope = budget.scope.as_mapping()
        reach = (scope.get("org"), scope.get("provider"), scope.get("flow"))
        if reach not in found:
            found[reach] = reached_data_times(budget, known, flows)
        return found[reach]

    return reached


def reached_data_times(
    budget: Budget,
    known: Mapping[tuple[str, str], dt.datetime],
    flows: Mapping[str, Sequence[str]],
) -> dict[str, dt.datetime]:
    """Moment before which everything is known, of each provider that the scope reaches: the earliest of organisations.

    `known` is by organisation and provider. `flows` are those of the configured providers; one that is not configured
    any more is not waited for.
    """
    scope = budget.scope.as_mapping()
    found: dict[str, dt.datetime] = {}
    for (org, provider), moment in known.items():
        if (
            scope.get("org", org) == org
            and scope.get("provider", provider) == provider
            and provider in flows
            and ("flow" not in scope or scope["flow"] in flows[provider])
        ):
            found[provider] = min(moment, found.get(provider, moment))
    return found


def _wanted(budget: Budget, now: dt.datetime) -> WantedSpend | None:
    days = needed_days(budget, now)
    if days is None:
        return None
    since, _ = days
    return WantedSpend(
        scope=budget.scope,
        measure=budget.measure,
        currency=budget.currency,
        since=min(since, now.date() - FORECAST_DAYS * _DAY),
        # As it was at that moment, where a tick looks back: days that begin later had spent nothing.
        until=(now - dt.timedelta.resolution).date() + _DAY,
    )


def _apart(
    ask: Callable[[Sequence[WantedSpend]], Sequence[Answer]], wanted: Mapping[int, WantedSpend]
) -> tuple[dict[int, Answer], dict[int, Exception]]:
    """The answers, by halves where a question breaks the whole: what is at fault is found in few steps."""
    if not wanted:
        return {}, {}
    try:
        return dict(zip(wanted, ask(list(wanted.values())), strict=True)), {}
    except Exception as error:  # noqa: BLE001 - whatever one scope brings about must not silence the others
        if len(wanted) == 1:
            return {}, dict.fromkeys(wanted, error)
        numbered = list(wanted.items())
        middle = len(numbered) // 2
        first, at_fault = _apart(ask, dict(numbered[:middle]))
        if not first and len(at_fault) == middle and middle > _SAME:
            # So many failures in a row are not about scopes.
            return {}, dict.fromkeys(wanted, error)
        second, further = _apart(ask, dict(numbered[middle:]))
        return first | second, at_fault | further


_SAME = 64


def _has_several_currencies(warehouse: ReadOnlyWarehouse) -> bool:
    return len((seen_currencies(warehouse, SpendScope()) or frozenset()) - {None}) > 1
