"""How the commands print budgets."""

import datetime as dt
from decimal import Decimal
from typing import Any

from genai_finops.budgets.budget import Budget, Threshold


def shown_amount(amount: Decimal | None, currency: str | None) -> str | None:
    """An amount for a table: cents, or whole tokens; JSON has all of its digits."""
    if amount is None:
        return None
    return f"{amount:,.0f} tokens" if currency is None else f"{amount:,.2f} {currency}"


def shown_share(part: Decimal | None, whole: Decimal | None) -> str | None:
    """A part of a whole as a percentage; None where one is missing."""
    return None if part is None or not whole else f"{part / whole * 100:.1f} %"


def plain(amount: Decimal | None) -> str | None:
    """All digits, for JSON: a JSON number would not keep them."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_threshold(threshold: Threshold) -> str:
    """As `--threshold` takes it."""
    kind = "forecast:" if threshold.kind == "forecast" else ""
    return f"{kind}{plain(threshold.share * 100)}%={threshold.severity}:{','.join(threshold.actions)}"


def budget_json(budget: Budget) -> dict[str, Any]:
    """Everything that was entered."""
    return {
        "owner": budget.owner,
        "name": budget.name,
        "scope": budget.scope.as_mapping(),
        "period": budget.period,
        "time_zone": budget.time_zone,
        "measure": budget.measure,
        "amount": plain(budget.amount),
        "currency": budget.currency,
        "valid_from": budget.valid_from,
        "valid_to": budget.valid_to,
        "is_rolling_over": budget.is_rolling_over,
        "rollover_limit": plain(budget.rollover_limit),
        "thresholds": [shown_threshold(threshold) for threshold in budget.thresholds],
        "when_unknown": budget.when_unknown,
        "remind_after": shown_duration(budget.remind_after),
        "cool_down": shown_duration(budget.cool_down),
        "late_after": shown_duration(budget.late_after),
        "description": budget.description,
    }


def shown_duration(duration: dt.timedelta | None) -> str:
    """As the options take it."""
    if duration is None:
        return "never"
    minutes = duration // dt.timedelta(minutes=1)
    for unit, length in (("d", 24 * 60), ("h", 60)):
        if minutes and minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"
