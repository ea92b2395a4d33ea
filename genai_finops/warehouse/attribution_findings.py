"""What the rules of findings look at: effective cost by account, tenant and conversation, a row a day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from genai_finops.warehouse.base import ReadOnlyWarehouse

_COVERAGE = """
    select
        x_org_slug, usage_date, provider, x_genai_account_id, currency, coalesce(unattributed_reason, '') as reason,
        sum(effective_cost), sum(attributed_cost)
    from genai_attribution_coverage_daily
    where x_ingestion_date >= ? and x_ingestion_date <= ?
    group by x_org_slug, usage_date, provider, x_genai_account_id, currency, coalesce(unattributed_reason, '')
    order by x_org_slug, usage_date, provider, x_genai_account_id, currency, reason
"""
_TENANTS = """
    select x_org_slug, usage_date, tenant_id, currency, sum(effective_cost)
    from genai_tenant_costs_daily
    where x_ingestion_date >= ? and x_ingestion_date <= ?
    group by x_org_slug, usage_date, tenant_id, currency
"""
# Most conversations are cheap: only those that come above the lowest mark are read.
_CONVERSATIONS = """
    with days as (
        select x_org_slug, usage_date, tenant_id, conversation_id, currency, sum(effective_cost) as cost
        from genai_conversation_costs_daily
        where x_ingestion_date >= ? and x_ingestion_date <= ? and conversation_id is not null
        group by x_org_slug, usage_date, tenant_id, conversation_id, currency
    ),

    added_up as (
        select
            *,
            sum(cost) over (partition by x_org_slug, tenant_id, conversation_id, currency) as total_cost,
            max(usage_date) over (partition by x_org_slug, tenant_id, conversation_id, currency) as last_day
        from days
    )

    select x_org_slug, usage_date, tenant_id, conversation_id, currency, cost
    from added_up
    where total_cost > ? and last_day >= ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCoverage:
    """Effective cost of an account and day, and how much of it has a consumer."""

    org: str
    day: dt.date
    provider: str
    account_id: str
    currency: str
    effective_cost: Decimal
    attributed_cost: Decimal
    #: What has none, by reason.
    unattributed: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCost:
    """Effective cost of a tenant and day; of nobody in particular where tenant_id is None."""

    org: str
    day: dt.date
    tenant_id: str | None
    currency: str
    effective_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCost:
    """Effective cost of a conversation and day."""

    org: str
    day: dt.date
    tenant_id: str | None
    conversation_id: str
    currency: str
    effective_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionRows:
    """What the rules look at, of any organisations: the days to evaluate and the lookback before them."""

    coverage: list[AccountCoverage] = field(repr=False)
    tenants: list[TenantCost] = field(repr=False)
    conversations: list[ConversationCost] = field(repr=False)

    def by_org(self) -> "dict[str, AttributionRows]":
        """The rows of each organisation that has any."""
        parts: dict[str, AttributionRows] = {}
        for coverage in self.coverage:
            _part(parts, coverage.org).coverage.append(coverage)
        for tenant in self.tenants:
            _part(parts, tenant.org).tenants.append(tenant)
        for conversation in self.conversations:
            _part(parts, conversation.org).conversations.append(conversation)
        return dict(sorted(parts.items()))


def _part(parts: dict[str, AttributionRows], org: str) -> AttributionRows:
    return parts.setdefault(org, AttributionRows(coverage=[], tenants=[], conversations=[]))


def attribution_rows(
    warehouse: ReadOnlyWarehouse, *, since: dt.date, first: dt.date, last: dt.date, least_conversation_cost: Decimal
) -> AttributionRows:
    """The rows of the days since to last, both inclusive.

    Of conversations only those that have a row on first or later and cost more than least_conversation_cost in all.
    """
    coverage = warehouse.rows(_COVERAGE, [since, last])
    return AttributionRows(
        coverage=[_coverage(key, list(parts)) for key, parts in groupby(coverage, key=lambda row: row[:5])],
        tenants=[
            TenantCost(org=org, day=day, tenant_id=tenant, currency=currency, effective_cost=cost)
            for org, day, tenant, currency, cost in warehouse.rows(_TENANTS, [since, last])
        ],
        conversations=[
            ConversationCost(
                org=org, day=day, tenant_id=tenant, conversation_id=conversation, currency=currency, effective_cost=cost
            )
            for org, day, tenant, conversation, currency, cost in warehouse.rows(
                _CONVERSATIONS, [since, last, least_conversation_cost, first]
            )
        ],
    )


def _coverage(key: tuple[Any, ...], parts: list[tuple[Any, ...]]) -> AccountCoverage:
    org, day, provider, account, currency = key
    costs = [(reason, effective, attributed) for *_, reason, effective, attributed in parts]
    return AccountCoverage(
        org=org,
        day=day,
        provider=provider,
        account_id=account,
        currency=currency,
        effective_cost=sum((effective for _, effective, _ in costs), Decimal()),
        attributed_cost=sum((attributed for *_, attributed in costs), Decimal()),
        unattributed={reason: effective - attributed for reason, effective, attributed in costs if reason},
    )
