"""What will change the spend from a day on, and is known before: prices with a date, commitments that start or end."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import SpendMeasure

#: Days of spend by which a change is weighed.
WEIGHED_DAYS = 14
_DAY = dt.timedelta(days=1)
_RATE_KEY = (
    *("provider", "model_id", "meter", "service_tier", "geography", "context_tokens_above", "context_tokens_up_to"),
    *("variant", "x_org_slug", "x_genai_account_id", "pricing_type", "volume_threshold_tokens", "currency"),
)
_CHANGING = f"""
    select present.pricing_id, later.valid_from, present.unit_price as price, later.unit_price as later_price
    from genai_payg_pricing as present
    inner join genai_payg_pricing as later
        on {" and ".join(f"later.{column} is not distinct from present.{column}" for column in _RATE_KEY)}
        and later.valid_from = present.valid_to
    where present.valid_from <= ? and later.valid_from > ? and later.valid_from < ?
        and present.unit_price > 0 and later.unit_price is not null and later.unit_price != present.unit_price
"""  # noqa: S608 - names of this file
_RATED = """
    select
        costs.x_org_slug, costs.provider, costs.x_genai_account_id, costs.model_id, costs.currency, costs.pricing_id,
        case when agreed.unit_price is null then costs.pricing_id else costs.contracted_pricing_id end as agreed_id,
        sum(costs.list_cost), sum(costs.effective_cost), sum(costs.billed_cost)
    from genai_payg_costs_daily as costs
    left join genai_payg_pricing as agreed on agreed.pricing_id = costs.contracted_pricing_id
    where costs.x_ingestion_date >= ? and costs.x_ingestion_date < ? and costs.list_cost is not null
    group by 1, 2, 3, 4, 5, 6, 7
"""
_COMMITMENTS = """
    select
        terms.x_OrgSlug, lower(terms.x_GenaiProvider), terms.x_GenaiAccountId, terms.ContractCommitmentId,
        coalesce(terms.x_CommitmentName, terms.ContractCommitmentId), terms.BillingCurrency,
        terms.ContractCommitmentCost, terms.ContractCommitmentPeriodStart,
        coalesce(terms.x_EndedAt, terms.ContractCommitmentPeriodEnd), terms.x_IsRenewed, terms.x_Payment
    from contract_commitment_1_3 as terms
    where coalesce(terms.x_EndedAt, terms.ContractCommitmentPeriodEnd) > ?
        and (
            coalesce(terms.x_EndedAt, terms.ContractCommitmentPeriodEnd) <= ?
            or terms.ContractCommitmentPeriodStart >= ?
        )
"""
_COMMITTED = """
    select
        x_org_slug, provider, x_genai_account_id, commitment_id, count(distinct x_ingestion_date) as days,
        sum(list_cost), sum(effective_cost), sum(billed_cost)
    from genai_commitment_costs_daily
    where x_ingestion_date >= ? and x_ingestion_date < ?
    group by 1, 2, 3, 4
"""
_MEASURES: tuple[SpendMeasure, ...] = ("list_cost", "effective_cost", "billed_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingChange:
    """What changes in a part of the spend: of an account, and of a model where it is a price."""

    day: dt.date
    reason: str
    #: As scopes name them.
    part: Mapping[str, str]
    currency: str
    #: Share of the part's spend by which it grows, by measure; below 0 where it falls. Empty for what only starts.
    growth: Mapping[SpendMeasure, Decimal]
    #: What is added a day whatever the part spends now, by measure.
    added: Mapping[SpendMeasure, Decimal]
    #: Whether growth is that of the price and follows the spend; what a commitment costs does not.
    is_price: bool


def coming_changes(warehouse: ReadOnlyWarehouse, *, today: dt.date, until: dt.date) -> tuple[ComingChange, ...]:
    """Everything known that holds from a day in [today, until) on. Without the tables of costs nothing is known."""
    return (*_price_changes(warehouse, today, until), *_commitment_changes(warehouse, today, until))


def _price_changes(warehouse: ReadOnlyWarehouse, today: dt.date, until: dt.date) -> list[ComingChange]:
    if not (warehouse.has_table("genai_payg_pricing") and warehouse.has_table("genai_payg_costs_daily")):
        return []
    changing = {
        pricing_id: (day, (later - price) / price)
        for pricing_id, day, price, later in warehouse.rows(_CHANGING, [today, today, until])
    }
    if not changing:
        return []
    totals: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    moved: defaultdict[tuple[tuple[str, ...], dt.date], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    days = [today - WEIGHED_DAYS * _DAY, today]
    for *part, listed_by, agreed_by, listed, effective, billed in warehouse.rows(_RATED, days):
        key, costs = tuple(part), (listed, effective or Decimal(0), billed or Decimal(0))
        totals[key] = [total + cost for total, cost in zip(totals[key], costs, strict=True)]
        for place, (rate, cost) in enumerate(zip((listed_by, agreed_by, agreed_by), costs, strict=True)):
            if rate in changing:
                day, growth = changing[rate]
                moved[key, day][place] += cost * growth
    return [
        ComingChange(
            day=day,
            reason=f"price of {key[3]} at {key[1]} changes",
            part={"org": key[0], "provider": key[1], "account": key[2], "model": key[3], "flow": "payg"},
            currency=key[4],
            growth=_shares(amounts, totals[key]),
            added={},
            is_price=True,
        )
        for (key, day), amounts in sorted(moved.items(), key=lambda item: (item[0][1], item[0][0]))
        if any(amounts)
    ]


def _commitment_changes(warehouse: ReadOnlyWarehouse, today: dt.date, until: dt.date) -> list[ComingChange]:
    if not (warehouse.has_table("contract_commitment_1_3") and warehouse.has_table("genai_commitment_costs_daily")):
        return []
    begins, ends = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (today, until))
    terms = warehouse.rows(_COMMITMENTS, [begins, ends, begins])
    if not terms:
        return []
    totals: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    committed: dict[tuple[str, ...], list[Decimal]] = {}
    for *of, days, listed, effective, billed in warehouse.rows(_COMMITTED, [today - WEIGHED_DAYS * _DAY, today]):
        costs = [cost or Decimal(0) for cost in (listed, effective, billed)]
        # One that began within these days costs more a day than they say.
        committed[tuple(of)] = [cost * WEIGHED_DAYS / days for cost in costs]
        account = tuple(of[:3])
        totals[account] = [total + cost for total, cost in zip(totals[account], costs, strict=True)]
    found = []
    for org, provider, account_id, commitment_id, name, currency, cost, start, end, is_renewed, payment in terms:
        part = {"org": org, "provider": provider, "account": account_id, "flow": "commitment"}
        # What is paid by the month or upfront is billed on single days, which no day's spend tells of.
        measures = _MEASURES if payment == "hourly" else _MEASURES[:2]
        if begins <= start < ends and cost is not None:
            daily = cost / Decimal((end - start) / _DAY)
            found.append(
                ComingChange(
                    day=start.date(),
                    reason=f"commitment {name} starts",
                    part=part,
                    currency=currency,
                    growth={},
                    added=dict.fromkeys(measures, daily),
                    is_price=False,
                )
            )
        key = (org, provider, account_id)
        ending = committed.get((*key, commitment_id)) if end <= ends and is_renewed is False else None
        if ending is not None:
            shares = _shares([-amount for amount in ending], totals[key])
            found.append(
                ComingChange(
                    day=(end - dt.timedelta.resolution).date() + _DAY,
                    reason=f"commitment {name} ends",
                    part=part,
                    currency=currency,
                    growth={measure: share for measure, share in shares.items() if measure in measures},
                    added={},
                    is_price=False,
                )
            )
    return found


def _shares(amounts: list[Decimal], totals: list[Decimal]) -> dict[SpendMeasure, Decimal]:
    return {
        measure: amount / total
        for measure, amount, total in zip(_MEASURES, amounts, totals, strict=True)
        if amount and total > 0
    }
