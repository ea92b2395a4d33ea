"""Whether a request fits into what is left of a budget. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import Period
from genai_finops.control.reservations import Included, Taken
from genai_finops.quotas.request_amount import RequestAmount

Outcome = Literal["allow", "block"]
#: `room` and `full` compare amounts. `unknown`: the spend, or what the request takes, is not known. `other_currency`:
#: the budget counts money of another currency only, and never blocks.
Verdict = Literal["room", "full", "unknown", "other_currency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpend:
    """What is known of a budget's present period. Where that is nothing, `spend` is None and `why` says so."""

    period: Period
    spend: Decimal | None = None
    available: Decimal | None = None
    evaluated_at: dt.datetime | None = None
    #: Until when everything is known, by provider.
    data_as_of: Mapping[str, dt.datetime] = field(default_factory=dict)
    why: str | None = None

    @property
    def included(self) -> Included:
        """What of the settlements the spend includes."""
        return Included(period_start=self.period.start, until=self.data_as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """What one budget says to a request, and the figures that it was said by, in the budget's currency or tokens."""

    #: `owner/name`.
    budget: str
    verdict: Verdict
    is_blocking: bool
    why: str
    #: None for tokens.
    currency: str | None
    #: What the period has in all, and what of it may be spent before the budget blocks.
    available: Decimal | None
    bound: Decimal | None
    spend: Decimal | None
    #: Taken by others beside the spend: by requests under way, and by ended ones that the spend does not include yet.
    held: Decimal
    settled: Decimal
    estimated: Decimal | None
    period_start: dt.datetime
    period_end: dt.datetime
    #: When the spend was last looked at, and until when the data of each provider was complete then.
    evaluated_at: dt.datetime | None
    data_as_of: Mapping[str, dt.datetime]

    @property
    def reserved(self) -> Decimal:
        """What is taken beside the spend."""
        return self.held + self.settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a request may be made. Where it may, its amounts are reserved until `expires_at`."""

    outcome: Outcome
    why: str
    at: dt.datetime
    #: None where it is blocked, no budget could ever block it, or nothing could be reserved.
    reservation_id: str | None = None
    expires_at: dt.datetime | None = None
    #: Every budget that could block a request of this scope.
    budgets: tuple[BudgetAnswer, ...] = ()
    #: False where the control database did not answer: then nothing was looked up, and nothing is reserved.
    is_checked: bool = True

    @property
    def is_allowed(self) -> bool:
        return self.outcome == "allow"


def block_share(budget: Budget) -> Decimal | None:
    """The least share of the amount at which the budget blocks; None where no threshold of it does.

    What is forecast never blocks: it is no spend.
    """
    shares = [each.share for each in budget.thresholds if each.kind == "actual" and "block" in each.actions]
    return min(shares, default=None)


def judge(budget: Budget, known: KnownSpend, taken: Taken, amount: RequestAmount) -> BudgetAnswer:
    """What the budget says. It blocks when spend, what others have taken and the request together exceed the bound."""
    estimated = amount.of(budget)
    bound = bound_of(budget, known)
    verdict, is_blocking, why = _verdict(budget, known, taken, amount, bound)
    return BudgetAnswer(
        budget=budget.key,
        verdict=verdict,
        is_blocking=is_blocking,
        why=why,
        currency=budget.currency,
        available=known.available,
        bound=bound,
        spend=known.spend,
        held=taken.held,
        settled=taken.settled,
        estimated=estimated,
        period_start=known.period.start,
        period_end=known.period.end,
        evaluated_at=known.evaluated_at,
        data_as_of=known.data_as_of,
    )


def blocked_because(budget: Budget, known: KnownSpend, settled: Decimal) -> str | None:
    """Why the budget blocks whatever a request takes; None where it does not. What is only held does not count."""
    bound = bound_of(budget, known)
    if known.spend is None or bound is None:
        return None if budget.when_unknown == "allow" else f"{known.why or 'its spend is not known'}: it blocks then"
    taken = known.spend + settled
    if taken < bound:
        return None
    unit = budget.currency
    return f"{shown_amount(taken, unit)} of {shown_amount(bound, unit)} are spent"


def bound_of(budget: Budget, known: KnownSpend) -> Decimal | None:
    """What may be spent in the period before the budget blocks; None where that is not known, or it never does."""
    share = block_share(budget)
    return None if known.available is None or share is None else known.available * share


def decide(answers: Sequence[BudgetAnswer], *, now: dt.datetime) -> Decision:
    """Allowed where no budget blocks; without a reservation yet."""
    blocking = [answer for answer in answers if answer.is_blocking]
    if blocking:
        return Decision(
            outcome="block",
            why="; ".join(f"{answer.budget}: {answer.why}" for answer in blocking),
            at=now,
            budgets=tuple(answers),
        )
    why = "; ".join(f"{answer.budget}: {answer.why}" for answer in answers)
    return Decision(outcome="allow", why=why or "no budget blocks this scope", at=now, budgets=tuple(answers))


def shown_amount(amount: Decimal, currency: str | None) -> str:
    """An amount for people: digits that say something, and the unit."""
    digits = f"{amount:,.0f}" if currency is None else f"{amount:,.6f}".rstrip("0").rstrip(".")
    return f"{digits} {currency or 'tokens'}"


def _verdict(
    budget: Budget, known: KnownSpend, taken: Taken, amount: RequestAmount, bound: Decimal | None
) -> tuple[Verdict, bool, str]:
    estimated = amount.of(budget)
    if budget.currency is not None and amount.currency is not None and amount.currency != budget.currency:
        return "other_currency", False, f"counts {budget.currency} only, and the request is in {amount.currency}"
    if known.spend is None or bound is None:
        return _unknown(budget, known.why or "its spend is not known")
    if estimated is None:
        return _unknown(budget, f"the request does not say its {'tokens' if budget.measure == 'tokens' else 'cost'}")
    left = bound - known.spend - taken.held - taken.settled
    shown_left = shown_amount(max(left, Decimal(0)), budget.currency)
    shown_bound = shown_amount(bound, budget.currency)
    if estimated <= left:
        return "room", False, f"{shown_left} of {shown_bound} are left"
    return "full", True, f"{shown_left} of {shown_bound} are left, the request takes {_of(estimated, budget)}"


def _unknown(budget: Budget, why: str) -> tuple[Verdict, bool, str]:
    is_blocking = budget.when_unknown == "block"
    return "unknown", is_blocking, f"{why}, and the budget {'blocks' if is_blocking else 'allows'} then"


def _of(amount: Decimal, budget: Budget) -> str:
    return shown_amount(amount, budget.currency)
