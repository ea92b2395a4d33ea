"""What a budget is."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.warehouse.spend_scope import SpendScope

PeriodKind = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "custom"]
Measure = Literal["effective_cost", "billed_cost", "list_cost", "tokens"]
ThresholdKind = Literal["actual", "forecast"]
Severity = Literal["info", "warning", "critical", "exceeded"]
Action = Literal["notify", "log", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What happens when a share of the amount is spent, or forecast to be."""

    #: 0.75 is three quarters of what is available in the period.
    share: Decimal
    kind: ThresholdKind
    severity: Severity
    actions: tuple[Action, ...] = ("notify", "log")


_KINDS: tuple[ThresholdKind, ...] = ("actual", "forecast")
_SHARES: tuple[tuple[str, Severity], ...] = (
    ("0.5", "info"),
    ("0.75", "warning"),
    ("0.9", "critical"),
    ("1", "exceeded"),
)
DEFAULT_THRESHOLDS = tuple(
    Threshold(share=Decimal(share), kind=kind, severity=severity) for kind in _KINDS for share, severity in _SHARES
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that a scope may spend in each period."""

    #: Organisation that it belongs to, whose scope it then is; PLATFORM for those that span several.
    owner: str
    #: A slug, unique for the owner.
    name: str
    scope: SpendScope
    period: PeriodKind
    #: IANA name; periods begin at midnight there.
    time_zone: str
    measure: Measure
    #: Of `currency`, or tokens.
    amount: Decimal
    #: ISO 4217; None exactly for tokens. Cost in other currencies is never added.
    currency: str | None
    #: First day, there. A custom period is [valid_from, valid_to), and needs an end.
    valid_from: dt.date
    valid_to: dt.date | None = None
    #: Whether what is left of a period is added to the next one, and how much at most; None: no limit.
    is_rolling_over: bool = False
    rollover_limit: Decimal | None = None
    thresholds: tuple[Threshold, ...] = DEFAULT_THRESHOLDS
    #: What a quota check answers while the spend is not known.
    when_unknown: Literal["allow", "block"] = "allow"
    #: An alert that still holds is sent again after so long; None: once.
    remind_after: dt.timedelta | None = None
    #: After a recovery, a threshold that is crossed again in the same period is told of no sooner. Never a new alert.
    cool_down: dt.timedelta = dt.timedelta(hours=1)
    #: Data older than that is an alert of its own.
    late_after: dt.timedelta = dt.timedelta(hours=36)
    description: str | None = None

    @property
    def key(self) -> str:
        """`owner/name`: names it wherever one text is needed."""
        return f"{self.owner}/{self.name}"
