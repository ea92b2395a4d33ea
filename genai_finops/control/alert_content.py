"""What an alert says, whatever it is about and wherever it is sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

AlertSeverity = Literal["info", "warning", "critical", "exceeded"]
#: `threshold` and `forecast`: of a budget. `recovery`: what an earlier alert told of no longer holds. `data_late`:
#: nothing new came from a provider. `budget_failed`: a budget could not be evaluated. `finding`: of the attribution.
AlertKind = Literal["threshold", "forecast", "recovery", "data_late", "budget_failed", "anomaly", "finding", "test"]

#: The least severe first.
SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
KINDS: tuple[AlertKind, ...] = get_args(AlertKind)
#: Owner of what belongs to no organisation: no slug.
PLATFORM = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One of the largest parts of what was spent."""

    #: As in `model gpt-5.1` or `tenant initech`.
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One matter. Raised again it is the same alert: `alert_id` is made of what it is about, never of when or where."""

    #: Up to 64 characters.
    alert_id: str
    #: Organisation, or PLATFORM: its routes apply, and those of the platform that ask for it.
    owner: str
    kind: AlertKind
    severity: AlertSeverity
    #: What it is about: `budget acme/monthly`, `provider openai`, `anomaly ...`.
    subject: str
    title: str
    #: One or two sentences, plain text.
    message: str
    raised_at: dt.datetime
    #: False: it is kept in the log and sent nowhere (a threshold without the action notify).
    is_sent: bool = True
    currency: str | None = None
    #: Spent, of `amount`; tokens where there is no currency.
    spend: Decimal | None = None
    amount: Decimal | None = None
    forecast: Decimal | None = None
    threshold: Decimal | None = None
    period_start: dt.datetime | None = None
    period_end: dt.datetime | None = None
    #: Everything before is known.
    data_as_of: dt.datetime | None = None
    drivers: tuple[Driver, ...] = ()
    link: str | None = None
    #: Alert that this one takes back; of recoveries only.
    recovers: str | None = None
    #: Further numbers and names, as text.
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> Decimal | None:
        """Part of the amount that is spent; None where there is no amount."""
        return None if self.spend is None or not self.amount else self.spend / self.amount
