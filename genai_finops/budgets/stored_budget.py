"""Budgets as the control database keeps them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from genai_finops.budgets.budget import Action, Budget, Measure, PeriodKind, Severity, Threshold, ThresholdKind
from genai_finops.control.budget_store import list_budgets
from genai_finops.errors import FinopsError
from genai_finops.warehouse.spend_scope import SpendScope


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """A budget and its id, which is never another budget's."""

    id: int
    budget: Budget


def stored_budget(row: Any) -> StoredBudget:
    """What a row of `budgets` says. Raises FinopsError, ValueError or KeyError for what cannot have been entered."""
    return StoredBudget(row.id, _budget(row))


def load_budgets(session: Any, owner: str | None = None) -> list[StoredBudget]:
    """The budgets of one owner or of all, by owner and name. One that cannot be read is left out."""
    return read_budgets(list_budgets(session, owner))[0]


def read_budgets(rows: Iterable[Any]) -> tuple[list[StoredBudget], dict[int, str]]:
    """The budgets that the rows say, and why others of them say none, by id."""
    read, unreadable = [], {}
    for row in rows:
        try:
            read.append(stored_budget(row))
        except (FinopsError, ValueError, ArithmeticError, LookupError) as error:
            unreadable[row.id] = str(error) or type(error).__name__
    return read, unreadable


def columns_of(budget: Budget) -> dict[str, Any]:
    """The columns of `budgets` that say what the budget is, without its id and when it was changed."""
    return {
        "owner": budget.owner,
        "name": budget.name,
        "scope": budget.scope.as_mapping(),
        "period": budget.period,
        "time_zone": budget.time_zone,
        "measure": budget.measure,
        "amount": budget.amount,
        "currency": budget.currency,
        "valid_from": budget.valid_from,
        "valid_to": budget.valid_to,
        "is_rolling_over": budget.is_rolling_over,
        "rollover_limit": budget.rollover_limit,
        "thresholds": [_threshold_texts(threshold) for threshold in budget.thresholds],
        "when_unknown": budget.when_unknown,
        "remind_after_seconds": None if budget.remind_after is None else _seconds(budget.remind_after),
        "cool_down_seconds": _seconds(budget.cool_down),
        "late_after_seconds": _seconds(budget.late_after),
        "description": budget.description,
    }


def _budget(row: Any) -> Budget:
    return Budget(
        owner=row.owner,
        name=row.name,
        scope=SpendScope.of(row.scope),
        period=cast("PeriodKind", row.period),
        time_zone=row.time_zone,
        measure=cast("Measure", row.measure),
        amount=row.amount,
        currency=row.currency,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        is_rolling_over=row.is_rolling_over,
        rollover_limit=row.rollover_limit,
        thresholds=tuple(
            _threshold(texts["share"], texts["kind"], texts["severity"], texts["actions"]) for texts in row.thresholds
        ),
        when_unknown="block" if row.when_unknown == "block" else "allow",
        remind_after=None if row.remind_after_seconds is None else dt.timedelta(seconds=row.remind_after_seconds),
        cool_down=dt.timedelta(seconds=row.cool_down_seconds),
        late_after=dt.timedelta(seconds=row.late_after_seconds),
        description=row.description,
    )


# Thousands of budgets have the same few.
@lru_cache(maxsize=4096)
def _threshold(share: str, kind: str, severity: str, actions: str) -> Threshold:
    return Threshold(
        share=Decimal(share),
        kind=cast("ThresholdKind", kind),
        severity=cast("Severity", severity),
        actions=cast("tuple[Action, ...]", tuple(actions.split())),
    )


def _threshold_texts(threshold: Threshold) -> dict[str, str]:
    return {
        "share": f"{threshold.share:f}",
        "kind": threshold.kind,
        "severity": threshold.severity,
        "actions": " ".join(threshold.actions),
    }


def _seconds(duration: dt.timedelta) -> int:
    return duration // dt.timedelta(seconds=1)
