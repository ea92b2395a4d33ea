"""A piece of advice, and what a saving is measured against later."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from genai_finops.optimisation.confidence import Confidence
from genai_finops.warehouse.advice_query import AdviceQuery

Kind = Literal[
    "cheaper_model",
    "cheaper_model_elsewhere",
    "provider_arbitrage",
    "batch",
    "cache",
    "long_conversation",
    "idle_commitment",
    "oversized_capacity",
    "unused_plan",
]
#: How the counterfactual of a realised saving is made: see `optimisation.realised`.
Method = Literal["unit_prices", "input_per_token", "input_per_request", "unused_cost", "capacity_cost", "plan"]
KINDS: tuple[Kind, ...] = (
    *("cheaper_model", "cheaper_model_elsewhere", "provider_arbitrage", "batch", "cache", "long_conversation"),
    *("idle_commitment", "oversized_capacity", "unused_plan"),
)
#: Raised when what an amount means changes: old and new savings are then not compared.
FORMULA_VERSION = "1"
DAYS_OF_A_MONTH = 30
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How things were when the advice was given: quantities and prices of the period, and where they are to go.

    Lines are texts: the load (provider, account, task, model, tier), meter, context band, geography, variant, quantity,
    unit_price, cost. The target names what differs from the subject, such as another model.
    """

    method: Method
    first_day: dt.date
    last_day: dt.date
    requests: int | None = None
    lines: tuple[Mapping[str, str], ...] = ()
    target: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What could be done, what it would save, the query that says so, and how sure that is.

    `saving` is that of the query, over the period; `monthly_saving` is for 30 days, in cents. Advice of one group
    speaks of the same money: its kinds are alternatives to each other, advice of one kind in it adds up.
    """

    kind: Kind
    org: str
    subject: Mapping[str, str]
    group: str
    currency: str
    current_cost: Decimal
    saving: Decimal
    monthly_saving: Decimal
    summary: str
    confidence: Confidence
    query: AdviceQuery
    baseline: Baseline

    @property
    def advice_id(self) -> str:
        """The same for the same organisation, kind and subject."""
        told = json.dumps([self.org, self.kind, dict(self.subject)], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSaving:
    """What a piece of advice claims of a group's money; of stored advice and of new alike."""

    org: str
    currency: str
    group: str
    kind: str
    monthly_saving: Decimal


def total_savings(claims: Iterable[ClaimedSaving]) -> dict[tuple[str, str], Decimal]:
    """What can be saved in a month, by organisation and currency: of each group the kind that saves most."""
    by_kind: dict[tuple[str, str, str], dict[str, Decimal]] = {}
    for claim in claims:
        kinds = by_kind.setdefault((claim.org, claim.currency, claim.group), {})
        kinds[claim.kind] = kinds.get(claim.kind, Decimal()) + claim.monthly_saving
    totals: dict[tuple[str, str], Decimal] = {}
    for (org, currency, _), kinds in by_kind.items():
        totals[org, currency] = totals.get((org, currency), Decimal()) + max(kinds.values())
    return dict(sorted(totals.items()))


def monthly(saving: Decimal, days: int) -> Decimal:
    """A saving of so many days as that of a month, in cents."""
    return in_cents(saving * DAYS_OF_A_MONTH / days)


def in_cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT)
