"""Showback and chargeback: what each tenant is charged for a month, and what the organisation sees of it all. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from genai_finops.attribution.exact_amounts import as_amount, exact_sum, parts_of
from genai_finops.attribution.statement_lines import Line, Usage, section_lines, total_usage
from genai_finops.attribution.statement_rules import StatementMonth, TenantRules, distributes_unattributed
from genai_finops.control.statement_rules import StatementTerms
from genai_finops.errors import FinopsError
from genai_finops.warehouse.statement_costs import CostBasis, StatementCost

#: Cost of which a log or rule names a user or task, but no tenant.
NAMED_WITHOUT_TENANT = "named_without_tenant"
_COST_STEPS = frozenset({"base_cost", "distributed_cost"})
_EDGE_STEPS = frozenset({"minimum", "rounding", "total"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a statement in one currency. The lines but the last, the total, add up to it."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return self.lines[-1].amount

    @property
    def base_cost(self) -> Decimal:
        """Cost that was attributed to the tenant."""
        return self._sum("base_cost")

    @property
    def distributed_cost(self) -> Decimal:
        """The tenant's part of what nobody was named for."""
        return self._sum("distributed_cost")

    @property
    def adjustment(self) -> Decimal:
        """What allowances and prices add to the cost; below zero where they take off."""
        return as_amount(
            exact_sum(
                line.amount for line in self.lines if line.step not in _COST_STEPS and line.step not in _EDGE_STEPS
            )
        )

    @property
    def usage(self) -> Usage:
        return total_usage([line.usage for line in self.lines if line.usage is not None])

    @property
    def allocated_cost(self) -> Decimal:
        """The part of base and distributed cost that was allocated rather than measured."""
        return as_amount(exact_sum([self.base_cost, self.distributed_cost]) - Fraction(self.usage.measured_cost))

    @property
    def allocated_share(self) -> Decimal | None:
        """That part of one; None where there is no cost."""
        cost = exact_sum([self.base_cost, self.distributed_cost])
        return as_amount(Fraction(self.allocated_cost) / cost) if cost else None

    def _sum(self, step: str) -> Decimal:
        return as_amount(exact_sum(line.amount for line in self.lines if line.step == step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One tenant's month. It tells of no other tenant, and of unattributed cost only what the policy distributes."""

    org: str
    tenant: str
    month: StatementMonth
    basis: CostBasis
    made_at: dt.datetime
    sections: tuple[Section, ...]

    @property
    def is_preliminary(self) -> bool:
        """Whether the month had not ended when it was made."""
        return self.made_at.date() < self.month.end


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyOverview:
    """All of an organisation's cost in one currency: `cost` is the sum of tenants' base cost and of unattributed."""

    currency: str
    cost: Decimal
    charged: Decimal
    tenants: tuple[tuple[str, Section], ...]
    #: Reason and cost, the dearest first, whether or not the policy distributes it.
    unattributed: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The organisation's own view of a month; tenants never see it."""

    org: str
    month: StatementMonth
    basis: CostBasis
    made_at: dt.datetime
    currencies: tuple[CurrencyOverview, ...]

    @property
    def is_preliminary(self) -> bool:
        """Whether the month had not ended when it was made."""
        return self.made_at.date() < self.month.end


def make_statements(
    costs: Iterable[StatementCost],
    rules: Iterable[StatementTerms],
    *,
    org: str,
    month: StatementMonth,
    basis: CostBasis,
    now: dt.datetime,
) -> tuple[Statement, ...]:
    """The statement of every tenant that has cost, or a minimum of its own, by name.

    `costs` are the organisation's, parted where a rule starts or ends (`first_days`). Without what nobody was named
    for, and without other tenants, they do where no rule distributes. Raises FinopsError for a month to come.
    """
    if now.date() < month.first:
        raise FinopsError(f"{month} has not begun", remedy="Give a month that has.")
    rows = list(costs)
    held = [rule for rule in rules if rule.org == org]
    by_tenant: dict[str, list[StatementCost]] = {}
    for row in rows:
        if row.tenant is not None:
            by_tenant.setdefault(row.tenant, []).append(row)
    unattributed = [row for row in rows if row.tenant is None and distributes_unattributed(held, row.first_day)]
    distributed = _distributed(unattributed, by_tenant)
    named = {rule.tenant for rule in held if rule.tenant is not None}
    statements = []
    for tenant in sorted(by_tenant.keys() | named):
        sections = _sections(by_tenant.get(tenant, []), distributed.get(tenant, []), TenantRules(held, tenant, month))
        if sections:
            made = Statement(org=org, tenant=tenant, month=month, basis=basis, made_at=now, sections=sections)
            statements.append(made)
    return tuple(statements)


def make_overview(
    costs: Iterable[StatementCost],
    statements: Sequence[Statement],
    *,
    org: str,
    month: StatementMonth,
    basis: CostBasis,
    now: dt.datetime,
) -> Overview:
    """The organisation's own view of the costs that the statements were made of."""
    rows = list(costs)
    sections = [(made.tenant, section) for made in statements for section in made.sections]
    currencies = sorted({row.currency for row in rows} | {section.currency for _, section in sections})
    return Overview(
        org=org,
        month=month,
        basis=basis,
        made_at=now,
        currencies=tuple(
            CurrencyOverview(
                currency=currency,
                cost=as_amount(exact_sum(row.cost for row in rows if row.currency == currency)),
                charged=as_amount(exact_sum(section.total for _, section in sections if section.currency == currency)),
                tenants=tuple(item for item in sections if item[1].currency == currency),
                unattributed=_unattributed([row for row in rows if row.currency == currency]),
            )
            for currency in currencies
        ),
    )


def _sections(
    costs: Sequence[StatementCost], distributed: Sequence[StatementCost], rules: TenantRules
) -> tuple[Section, ...]:
    currencies = {row.currency for row in costs} | rules.own_minimum_currencies()
    return tuple(
        Section(
            currency=currency,
            lines=section_lines(
                [row for row in costs if row.currency == currency],
                [row for row in distributed if row.currency == currency],
                rules,
                currency,
            ),
        )
        for currency in sorted(currencies)
    )


def _distributed(
    unattributed: Iterable[StatementCost], by_tenant: dict[str, list[StatementCost]]
) -> dict[str, list[StatementCost]]:
    """Each tenant's part of the rows, in proportion to its base cost of the month in the row's currency.

    The parts of a row add up to it; tenants without cost, or with more credits than cost, bear none.
    """
    found: dict[str, list[StatementCost]] = {}
    weights: dict[str, dict[str, Fraction]] = {}
    for tenant in sorted(by_tenant):
        for currency in {row.currency for row in by_tenant[tenant]}:
            weight = exact_sum(row.cost for row in by_tenant[tenant] if row.currency == currency)
            if weight > 0:
                weights.setdefault(currency, {})[tenant] = weight
    for row in unattributed:
        bearing = weights.get(row.currency, {})
        if not bearing:
            continue
        for tenant, cost in zip(bearing, parts_of(row.cost, bearing.values()), strict=True):
            found.setdefault(tenant, []).append(
                dataclasses.replace(
                    row, tenant=tenant, cost=cost, input_tokens=Decimal(0), output_tokens=Decimal(0), requests=0
                )
            )
    return found


def _unattributed(rows: Iterable[StatementCost]) -> tuple[tuple[str, Decimal], ...]:
    by_reason: dict[str, Fraction] = {}
    for row in rows:
        if row.tenant is None:
            reason = row.unattributed_reason or NAMED_WITHOUT_TENANT
            by_reason[reason] = by_reason.get(reason, Fraction(0)) + Fraction(row.cost)
    dearest_first = sorted(by_reason.items(), key=lambda item: (-item[1], item[0]))
    return tuple((reason, as_amount(cost)) for reason, cost in dearest_first)
