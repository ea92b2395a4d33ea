"""Totals of the warehouse that are worth watching: one small query each."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3
from genai_finops.schemas.tables.unified import COSTS_DAILY_UNIFIED
from genai_finops.warehouse.base import ReadOnlyWarehouse

_COSTS = """
    select x_org_slug, provider, currency, coalesce(sum(effective_cost), 0)
    from genai_budget_spend_daily
    where usage_date >= ? and usage_date <= ? and currency is not null
    group by x_org_slug, provider, currency
    order by x_org_slug, provider, currency
"""
_TOKENS = """
    select x_org_slug, provider, sum(tokens)
    from genai_budget_spend_daily
    group by x_org_slug, provider
    order by x_org_slug, provider
"""
_PRICING = """
    select
        provider,
        count(*),
        coalesce(sum(case when pricing_status = 'unpriced' then 1 else 0 end), 0),
        coalesce(sum(case when pricing_status = 'estimated' then 1 else 0 end), 0)
    from genai_costs_daily_unified
    where usage_date >= ? and usage_date <= ?
    group by provider
    order by provider
"""
#: Both sides by themselves: a provider that one of them lacks is a difference too.
_DIFFERENCES = """
    select provider, currency, sum(priced) - sum(charged)
    from (
        select provider, currency, effective_cost as priced, 0 as charged
        from genai_costs_daily_unified
        where usage_date >= ? and usage_date <= ? and effective_cost is not null
        union all
        select lower(x_GenaiProvider), BillingCurrency, 0, EffectiveCost
        from cost_data_standard_1_3
        where x_IngestionDate >= ? and x_IngestionDate <= ?
    ) as sides
    group by provider, currency
    order by provider, currency
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCost:
    """Effective cost of one organisation at one provider, in one currency."""

    org: str
    provider: str
    currency: str
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTokens:
    """Tokens of all days that are stored."""

    org: str
    provider: str
    tokens: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPricing:
    """Rows of billable usage, and how many of them have no price or an estimated one."""

    provider: str
    rows: int
    unpriced_rows: int
    estimated_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDifference:
    """Priced usage without what FOCUS charges, in one currency; 0 unless something was lost between the two."""

    provider: str
    currency: str
    difference: Decimal


def provider_costs(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> Iterator[ProviderCost]:
    """Of the days first to last, both inclusive, open days as budgets see them. Nothing before the table was built."""
    if warehouse.has_table(BUDGET_SPEND_DAILY.name):
        for org, provider, currency, cost in warehouse.rows(_COSTS, [first, last]):
            yield ProviderCost(org=org, provider=provider, currency=currency, cost=Decimal(cost))


def provider_tokens(warehouse: ReadOnlyWarehouse) -> Iterator[ProviderTokens]:
    """Of all days. Nothing before the table was built."""
    if warehouse.has_table(BUDGET_SPEND_DAILY.name):
        for org, provider, tokens in warehouse.rows(_TOKENS):
            yield ProviderTokens(org=org, provider=provider, tokens=Decimal(tokens))


def provider_pricing(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> Iterator[ProviderPricing]:
    """Of the days first to last, both inclusive. Nothing before the table was built."""
    if warehouse.has_table(COSTS_DAILY_UNIFIED.name):
        for provider, rows, unpriced, estimated in warehouse.rows(_PRICING, [first, last]):
            yield ProviderPricing(
                provider=provider, rows=int(rows), unpriced_rows=int(unpriced), estimated_rows=int(estimated)
            )


def provider_differences(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> Iterator[ProviderDifference]:
    """Of the days first to last, both inclusive. Nothing before the tables were built."""
    tables = (COSTS_DAILY_UNIFIED.name, COST_DATA_STANDARD_1_3.name)
    if all(warehouse.has_table(table) for table in tables):
        for provider, currency, difference in warehouse.rows(_DIFFERENCES, [first, last, first, last]):
            yield ProviderDifference(provider=provider, currency=currency, difference=Decimal(difference))
