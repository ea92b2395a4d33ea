"""Which rule decides for a piece of cost, on which days, and how much of a monthly figure they are worth. Pure."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from genai_finops.control.statement_rules import StatementTerms
from genai_finops.errors import FinopsError

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class StatementMonth:
    """A month of UTC days, [first, end)."""

    first: dt.date
    end: dt.date

    @classmethod
    def parse(cls, text: str) -> "StatementMonth":
        """The month written as 2026-10. Raises FinopsError."""
        try:
            # The parser takes other forms of a day too, such as weeks.
            first = dt.date.fromisoformat(f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else "")
            return cls(first, (first + 31 * _DAY).replace(day=1))
        except (ValueError, OverflowError):
            raise FinopsError(f"Month {text!r} is none", remedy="Write it as 2026-10.") from None

    @property
    def days(self) -> tuple[dt.date, ...]:
        return tuple(self.first + number * _DAY for number in range((self.end - self.first).days))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostScope:
    """Which cost; of a rule, None stands for any."""

    provider: str | None
    model: str | None
    currency: str | None

    def covers(self, other: "CostScope") -> bool:
        """Whether a rule of this scope holds for all of the other."""
        return (
            self.provider in {None, other.provider}
            and self.model in {None, other.model}
            and self.currency in {None, other.currency}
        )


class TenantRules:
    """The rules that can decide for one tenant in one month, the strongest first."""

    def __init__(self, rules: Iterable[StatementTerms], tenant: str, month: StatementMonth) -> None:
        own = [rule for rule in rules if rule.tenant in {None, tenant} and _holds_in(rule, month)]
        self._rules = sorted(own, key=lambda rule: (rule.rank, rule.valid_from, rule.rule_id or 0), reverse=True)
        self._month = month

    def deciding(self, slot: str, day: dt.date, scope: CostScope) -> StatementTerms | None:
        """The rule of that day for cost of the scope: the tenant's own before those for all, then the narrowest."""
        candidates = (rule for rule in self._rules if rule.slot == slot and rule.holds_on(day))
        return next((rule for rule in candidates if _scope(rule).covers(scope)), None)

    def minimums(self, currency: str) -> list[StatementTerms]:
        """The minimums that hold on some day of the month for a statement in the currency."""
        return [rule for rule in self._rules if rule.kind == "minimum" and rule.currency == currency]

    def own_minimum_currencies(self) -> set[str]:
        """Currencies of the minimums that are the tenant's own: they are charged even without any cost."""
        found = (rule for rule in self._rules if rule.kind == "minimum" and rule.tenant is not None)
        return {rule.currency for rule in found if rule.currency is not None}

    def share_of_month(self, rule: StatementTerms) -> Fraction:
        """The part of the month's days on which the rule decides: not where a stronger one covers all of its cost."""
        rivals = [
            rival
            for rival in self._rules[: self._rules.index(rule)]
            if rival.slot == rule.slot and _scope(rival).covers(_scope(rule))
        ]
        days = self._month.days
        held = sum(rule.holds_on(day) and not any(rival.holds_on(day) for rival in rivals) for day in days)
        return Fraction(held, len(days))


def distributes_unattributed(rules: Iterable[StatementTerms], day: dt.date) -> bool:
    """Whether the organisation's policy of that day spreads what nobody was named for over its tenants."""
    return any(rule.kind == "distribute_unattributed" and rule.holds_on(day) for rule in rules)


def first_days(rules: Iterable[StatementTerms], month: StatementMonth) -> Sequence[dt.date]:
    """The first day of the month, and every day of it on which a rule starts or has ended."""
    changes = {day for rule in rules for day in (rule.valid_from, rule.valid_to) if day is not None}
    return sorted({month.first, *(day for day in changes if month.first <= day < month.end)})


def _holds_in(rule: StatementTerms, month: StatementMonth) -> bool:
    return rule.valid_from < month.end and (rule.valid_to is None or rule.valid_to > month.first)


def _scope(rule: StatementTerms) -> CostScope:
    return CostScope(provider=rule.provider, model=rule.model, currency=rule.currency)
