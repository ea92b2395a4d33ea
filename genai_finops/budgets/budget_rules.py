"""What holds of every budget, whatever is stored or spent. Pure."""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from genai_finops.budgets.budget import (
    Action,
    Budget,
    Measure,
    PeriodKind,
    Severity,
    Threshold,
    ThresholdKind,
)
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.changes import check_slug, check_text
from genai_finops.control.checked_values import check_decimal, check_member
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import CURRENCY

#: Ten times what is available: further alerts help nobody.
_MAX_SHARE = Decimal(10)
_MAX_THRESHOLDS = 40
#: The interval of the ticks: nothing can be told of more often.
_LEAST_REMINDER = dt.timedelta(minutes=5)
_MAX_DURATION = dt.timedelta(days=366)
#: By tag only requests in logs are known, and they have no bill.
_MEASURES_BY_TAG = ("effective_cost", "list_cost", "tokens")


def check_budget(budget: Budget, *, today: dt.date) -> Budget:
    """The budget, or FinopsError that names what is wrong with it. `today` is a UTC day."""
    if budget.owner != PLATFORM:
        check_slug(budget.owner, "Owner of the budget")
    check_slug(budget.name, "Name of the budget")
    _check_scope(budget)
    check_member(budget.period, "Period", get_args(PeriodKind))
    check_zone(budget.time_zone)
    _check_amount(budget)
    _check_validity(budget, today)
    _check_rollover(budget)
    check_thresholds(budget.thresholds)
    check_member(budget.when_unknown, "Answer while the spend is unknown", ("allow", "block"))
    _check_duration(budget.remind_after, "Time between reminders", least=_LEAST_REMINDER)
    _check_duration(budget.cool_down, "Cool-down", least=dt.timedelta(0))
    _check_duration(budget.late_after, "Age of late data", least=_LEAST_REMINDER)
    if budget.description is not None:
        check_text(budget.description, "Description", max_length=500)
    return budget


def check_zone(name: str) -> None:
    """Raises FinopsError for a name that is no time zone of IANA."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FinopsError(
            f"Time zone {name!r} does not exist", remedy="Give a name of IANA, as in Europe/Berlin or UTC."
        ) from None


def check_thresholds(thresholds: Sequence[Threshold]) -> None:
    """Raises FinopsError for none, too many, two of one kind and share, shares that fall, or actions that cannot be."""
    if not 0 < len(thresholds) <= _MAX_THRESHOLDS:
        raise FinopsError(
            f"The budget has {len(thresholds)} thresholds", remedy=f"Give 1 to {_MAX_THRESHOLDS} of them."
        )
    for threshold in thresholds:
        _check_threshold(threshold)
    for kind in get_args(ThresholdKind):
        shares = [threshold.share for threshold in thresholds if threshold.kind == kind]
        wrong = next((pair for pair in pairwise(shares) if pair[0] >= pair[1]), None)
        if wrong is not None:
            raise FinopsError(
                f"Thresholds of kind {kind}: {wrong[1]:f} follows {wrong[0]:f}",
                remedy="Give each share once, the smallest first.",
            )


def _check_scope(budget: Budget) -> None:
    org = budget.scope.org
    if budget.owner not in {PLATFORM, org}:
        raise FinopsError(
            f"Budget {budget.key} has the scope {budget.scope}, which is not that of its owner",
            remedy=f"Add org={budget.owner} to the scope, or make it a budget of the platform ({PLATFORM}).",
        )
    if "tag" in budget.scope.shape and budget.measure not in _MEASURES_BY_TAG:
        raise FinopsError(
            f"Budget {budget.key} counts {budget.measure} by tag, and only requests in logs have tags: their bill is "
            f"not known",
            remedy=f"Count one of: {', '.join(_MEASURES_BY_TAG)}.",
        )


def _check_amount(budget: Budget) -> None:
    check_member(budget.measure, "Measure", get_args(Measure))
    is_tokens = budget.measure == "tokens"
    check_decimal(budget.amount, "Amount", decimals=0 if is_tokens else 9, digits=18)
    if not budget.amount:
        raise FinopsError("Amount 0 is no budget", remedy="Give an amount above 0.")
    if is_tokens and budget.currency is not None:
        raise FinopsError(
            f"Budget {budget.key} counts tokens, and has the currency {budget.currency}",
            remedy="Leave the currency out, or count effective_cost.",
        )
    if not is_tokens and not re.fullmatch(CURRENCY, budget.currency or ""):
        raise FinopsError(
            f"Budget {budget.key} counts {budget.measure}, and its currency is {budget.currency or 'missing'}",
            remedy="Give a currency of ISO 4217, as in USD.",
        )


def _check_validity(budget: Budget, today: dt.date) -> None:
    if budget.valid_to is None:
        if budget.period == "custom":
            raise FinopsError(
                f"Budget {budget.key} has a period of its own without an end", remedy="Give its last day (--to)."
            )
        return
    if budget.valid_to <= budget.valid_from:
        raise FinopsError(
            f"Budget {budget.key} ends before {budget.valid_to}, and begins on {budget.valid_from}",
            remedy="Give an end that is not before its first day.",
        )
    # A day more: elsewhere it is still yesterday.
    if budget.valid_to < today - dt.timedelta(days=1):
        raise FinopsError(
            f"Budget {budget.key} ended before {budget.valid_to}: nothing can be spent from it any more",
            remedy="Give a later end, or none. What would have been is told by genai-finops budget replay.",
        )


def _check_rollover(budget: Budget) -> None:
    if budget.is_rolling_over and budget.period == "custom":
        raise FinopsError(
            f"Budget {budget.key} rolls over, and has one period only", remedy="Take a period that is repeated."
        )
    if budget.rollover_limit is None:
        return
    if not budget.is_rolling_over:
        raise FinopsError(
            f"Budget {budget.key} limits what rolls over, and nothing does", remedy="Add --rollover, or leave it out."
        )
    check_decimal(
        budget.rollover_limit, "Limit of what rolls over", decimals=0 if budget.currency is None else 9, digits=18
    )
    if not budget.rollover_limit:
        raise FinopsError("Limit 0 of what rolls over lets nothing do so", remedy="Give one above 0, or no rollover.")


def _check_threshold(threshold: Threshold) -> None:
    if not threshold.share.is_finite() or not 0 < threshold.share <= _MAX_SHARE:
        raise FinopsError(
            f"Threshold {threshold.share} is no share", remedy=f"Give more than 0 and at most {_MAX_SHARE * 100} %."
        )
    check_decimal(threshold.share, "Threshold", decimals=4, digits=2)
    check_member(threshold.kind, "Kind of threshold", get_args(ThresholdKind))
    check_member(threshold.severity, "Severity of threshold", get_args(Severity))
    for action in threshold.actions:
        check_member(action, "Action of threshold", get_args(Action))
    if not threshold.actions or len(set(threshold.actions)) < len(threshold.actions):
        raise FinopsError(
            f"Threshold {threshold.share:f} has no action, or one twice", remedy="Give notify, log or block, each once."
        )
    if threshold.kind == "forecast" and "block" in threshold.actions:
        raise FinopsError(
            f"Threshold {threshold.share:f} blocks by forecast: what was not spent cannot be refused",
            remedy="Block at an actual share.",
        )


def _check_duration(duration: dt.timedelta | None, what: str, *, least: dt.timedelta) -> None:
    if duration is not None and not least <= duration <= _MAX_DURATION:
        raise FinopsError(f"{what} is {duration}", remedy=f"Give {least} to {_MAX_DURATION.days} days.")
