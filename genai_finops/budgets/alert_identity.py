"""Which alert is which: an id is made of what the alert is about, never of when or where it was noticed."""

import datetime as dt
from decimal import Decimal
from hashlib import sha256

from genai_finops.budgets.budget import Budget, ThresholdKind
from genai_finops.budgets.periods import Period


def threshold_id(budget: Budget, period: Period, kind: ThresholdKind, share: Decimal) -> str:
    """One for each budget, kind and start of its period, kind of threshold and share: 0.5 and 0.50 are one share.

    The amount is no part of it, so that a change of the amount within a period makes no new alert.
    """
    return _digest(kind, budget.owner, budget.name, budget.period, period.start.isoformat(), f"{share.normalize():f}")


def late_id(budget: Budget, provider: str, data_as_of: dt.datetime) -> str:
    """One for each budget, provider and UTC day up to which everything is known."""
    return _digest("data_late", budget.owner, budget.name, provider, data_as_of.date().isoformat())


def recovery_id(alert_id: str, told_at: dt.datetime) -> str:
    """Of the alert that takes back what was told at that moment: one for each time that it was told."""
    return _digest("recovery", alert_id, told_at.astimezone(dt.UTC).isoformat())


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
