"""What one request costs, or what many alike ones add up to, at the prices of its day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import reduce
from typing import Any

import polars as pl

from genai_finops.pricing.open_book import default_book
from genai_finops.pricing.rating_engine import Charge, RatingEngine, ResolvedPrice
from genai_finops.pricing.request_prices import prices_on_day, usage_frame
from genai_finops.pricing.requests import (
    Request,
    RequestError,
    checked_quantity,
    context_band,
    rated_geography,
)
from genai_finops.pricing.token_counts import disjoint_meters, prompt_tokens
from genai_finops.schemas.meters import METERS

#: Reason of an amount that depends on what was used earlier in the period, which was not said.
UNKNOWN_EARLIER_USAGE = "unknown_earlier_usage"
#: The first of these that a line has is the status of all.
_STATUSES = ("unpriced", "estimated", "committed", "free", "priced")
#: The sum of costs is exact: they have at most 38 digits each.
_EXACT = Context(prec=80)
_NOTHING = Decimal(0)
#: What an allowance or a volume tier changes.
_POOLED_AMOUNTS = ("effective_cost", "cost_lower_bound", "cost_upper_bound", "free_quantity")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """What one meter costs. Unit prices are for one `unit`; the quoted one is the contracted price of a `pricing_unit`.

    `cost` is quantity times unit_price where no allowance and no volume tier had a part in it, and None where there
    is no price. The bounds are equal to it where it is certain.
    """

    meter: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    list_unit_price: Decimal | None
    quoted_price: Decimal | None
    pricing_unit: str | None
    cost: Decimal | None
    list_cost: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    #: Of the quantity what an allowance covers.
    free_quantity: Decimal
    status: str
    reason: str | None
    #: Source and version of the contracted price, and where in the source.
    rate_source: str | None
    source_reference: str | None
    valid_from: dt.date | None
    pricing_id: str | None
    pricing_type: str | None
    #: Percent taken off the list price.
    discount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCost:
    """What a request costs, in `currency`. A cost that a line without a price is part of is None.

    An estimate lies between the bounds; a bound is None where nothing is known to bound it.
    """

    input_cost: Decimal | None
    output_cost: Decimal | None
    #: Searches, sessions, storage, images, seconds.
    other_cost: Decimal | None
    total_cost: Decimal | None
    list_cost: Decimal | None
    currency: str | None
    is_estimated: bool
    status: str
    reason: str | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    lines: tuple[CostLine, ...]


def calculate_llm_cost(
    provider: str,
    model: str,
    input_tokens: int,
    output_tokens: int = 0,
    *,
    date: dt.date,
    cache_read: int = 0,
    cache_write: int = 0,
    cache_write_5m: int = 0,
    cache_write_1h: int = 0,
    meters: Mapping[str, int | Decimal] | None = None,
    service_tier: str = "standard",
    geography: str | None = None,
    context_tokens: int | None = None,
    variant: str | None = None,
    org: str | None = None,
    account: str | None = None,
    used_before: Mapping[str, int] | None = None,
    book: RatingEngine | None = None,
) -> LlmCost:
    """The cost of what a provider's answer counts, at the prices of a UTC day.

    `input_tokens` and `output_tokens` are the provider's own counts, which hold cached tokens or do not
    (`genai_finops.pricing.token_counts`); `meters` are further disjoint meters by name, in their consumed units.
    `context_tokens` is the length of each prompt; without it a total that could be one long prompt or many short ones
    is estimated. Allowances and volume tiers of the account count on from `used_before`, the tokens by meter that it
    used earlier in their period; without it they are not applied, and the result is an estimate for that reason.
    `book` is the book of this process's settings by default, opened once.

    What the book has no price for is unpriced, with a reason. Raises RequestError, a ValueError, for what cannot be
    meant: negative or fractional tokens, cached tokens above the prompt, a provider or meter that does not exist.
    """
    engine = book or default_book()
    given = {
        "cache_read": cache_read,
        "cache_write": cache_write,
        "cache_write_5m": cache_write_5m,
        "cache_write_1h": cache_write_1h,
    }
    others = {meter: quantity for meter, quantity in given.items() if quantity != 0}
    twice = [meter for meter in meters or {} if meter in others]
    if twice:
        raise RequestError(f"{twice[0]} is given twice", remedy="Give it by its own argument only")
    _check_words(engine, provider, model, date, context_tokens)
    quantities = disjoint_meters(
        provider, model, input_tokens=input_tokens, output_tokens=output_tokens, others={**others, **(meters or {})}
    )
    above, up_to = context_band(context_tokens, prompt_tokens(quantities))
    request = Request(
        provider=provider,
        model=model,
        date=date,
        service_tier=service_tier,
        geography=rated_geography(provider, model, geography),
        context_above=above,
        context_up_to=up_to,
        variant=variant,
        org=org,
        account=account,
    )
    return cost_of(engine, request, quantities, used_before=used_before)


def cost_of(
    engine: RatingEngine,
    request: Request,
    quantities: Mapping[str, Decimal],
    *,
    used_before: Mapping[str, int] | None = None,
) -> LlmCost:
    """The cost of a request whose meters are disjoint already."""
    prices = prices_on_day(engine, request, quantities)
    is_pooled = any(price.is_pooled for price in prices.values())
    if is_pooled and used_before is not None:
        lines = _lines_after(engine, request, quantities, prices, used_before)
    else:
        charges = engine.charges([(prices[meter].resolved_id, quantity) for meter, quantity in quantities.items()])
        lines = [
            _line(meter, quantities[meter], prices[meter], charge)
            for meter, charge in zip(quantities, charges, strict=True)
        ]
    return _total(lines, next((price.currency for price in prices.values()), None))


def _check_words(engine: RatingEngine, provider: str, model: str, date: dt.date, context_tokens: int | None) -> None:
    if provider not in engine.providers:
        known = ", ".join(sorted(engine.providers))
        raise RequestError(f"there is no provider {provider!r}", remedy=f"Choose one of: {known}")
    if not isinstance(model, str) or not model:
        raise RequestError(f"model is {model!r}", remedy="Give the model as the provider spells it")
    if not isinstance(date, dt.date) or isinstance(date, dt.datetime):
        raise RequestError(f"date is {date!r}, which is no date", remedy="Give the UTC day of the usage")
    if context_tokens is not None and (not isinstance(context_tokens, int) or context_tokens < 0):
        raise RequestError(f"context_tokens is {context_tokens!r}", remedy="Give the length of each prompt in tokens")


def _lines_after(
    engine: RatingEngine,
    request: Request,
    quantities: Mapping[str, Decimal],
    prices: Mapping[str, ResolvedPrice],
    used_before: Mapping[str, int],
) -> list[CostLine]:
    """The lines, with allowances and volume tiers that count on from what was used before.

    The request costs what the account's usage costs with it, less what it costs without it: rows of one day and price
    have no order of their own. What an earlier row pays more or less for the request's sake is the request's.
    """
    earlier = _earlier_rows(quantities, prices, used_before)
    earlier_frame = usage_frame(request, earlier, ids=[f"earlier {meter}" for meter in earlier])
    without = _rated(engine, earlier_frame)
    together = _rated(engine, earlier_frame.vstack(usage_frame(request, quantities, ids=[*quantities])))
    lines = []
    for meter, quantity in quantities.items():
        row = together[meter]
        amounts = {name: row[name] for name in _POOLED_AMOUNTS}
        if meter in earlier:
            with_it, without_it = together[f"earlier {meter}"], without[f"earlier {meter}"]
            for name, amount in amounts.items():
                amounts[name] = _EXACT.add(amount, _EXACT.subtract(with_it[name], without_it[name]))
        charge = Charge(
            pricing_quantity=row["pricing_quantity"],
            list_cost=row["list_cost"],
            effective_cost=amounts["effective_cost"],
            lower_bound=amounts["cost_lower_bound"],
            upper_bound=amounts["cost_upper_bound"],
        )
        line = _line(meter, quantity, replace(prices[meter], is_pooled=False), charge)
        lines.append(replace(line, free_quantity=amounts["free_quantity"] or _NOTHING))
    return lines


def _rated(engine: RatingEngine, usage: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["usage_id"]: row for row in engine.rate(usage).iter_rows(named=True)}


def _earlier_rows(
    quantities: Mapping[str, Decimal], prices: Mapping[str, ResolvedPrice], used_before: Mapping[str, int]
) -> dict[str, Decimal]:
    """The earlier tokens of each pool as a row of the request's dearest meter in it: of one day the dearest come
    first.
    """
    used: dict[str, Decimal] = {}
    for meter, tokens in used_before.items():
        quantity = checked_quantity(meter, tokens)
        pool = METERS[meter].token_direction or meter
        used[pool] = _EXACT.add(used.get(pool, _NOTHING), quantity)
    dearest: dict[str, str] = {}
    for meter in quantities:
        price = prices[meter]
        if price.quoted_price is not None:
            rival = dearest.get(price.pool)
            if rival is None or price.quoted_price > (prices[rival].quoted_price or _NOTHING):
                dearest[price.pool] = meter
    return {meter: used[pool] for pool, meter in dearest.items() if used.get(pool)}


def _line(meter: str, quantity: Decimal, price: ResolvedPrice, charge: Charge) -> CostLine:
    status, reason = price.status, price.reason
    lower, upper = charge.lower_bound, charge.upper_bound
    if status not in {"estimated", "unpriced"}:
        lower = upper = charge.effective_cost
        if price.is_pooled:
            status, reason = "estimated", UNKNOWN_EARLIER_USAGE
    if price.is_pooled:
        lower, upper = _NOTHING, None if price.has_volume_tiers else upper
    return CostLine(
        meter=meter,
        quantity=quantity,
        unit=METERS[meter].consumed_unit,
        unit_price=price.unit_price,
        list_unit_price=price.list_unit_price,
        quoted_price=price.quoted_price,
        pricing_unit=price.pricing_unit,
        cost=charge.effective_cost,
        list_cost=charge.list_cost,
        lower_bound=lower,
        upper_bound=upper,
        free_quantity=_NOTHING,
        status=status,
        reason=reason,
        rate_source=None if price.source is None else f"{price.source} {price.source_version}",
        source_reference=price.source_reference,
        valid_from=price.rate_valid_from,
        pricing_id=price.pricing_id,
        pricing_type=price.pricing_type,
        discount=price.discount,
    )


def _total(lines: Sequence[CostLine], currency: str | None) -> LlmCost:
    status = min((line.status for line in lines), key=_STATUSES.index)
    reasons = dict.fromkeys(line.reason for line in lines if line.status == status and line.reason)
    by_direction: dict[str | None, list[CostLine]] = {"Input": [], "Output": [], None: []}
    for line in lines:
        by_direction[METERS[line.meter].token_direction].append(line)
    return LlmCost(
        input_cost=_sum([line.cost for line in by_direction["Input"]]),
        output_cost=_sum([line.cost for line in by_direction["Output"]]),
        other_cost=_sum([line.cost for line in by_direction[None]]),
        total_cost=_sum([line.cost for line in lines]),
        list_cost=_sum([line.list_cost for line in lines]),
        currency=currency,
        is_estimated=status in {"unpriced", "estimated"},
        status=status,
        reason=", ".join(reasons) or None,
        lower_bound=_sum([line.lower_bound for line in lines]),
        upper_bound=_sum([line.upper_bound for line in lines]),
        lines=tuple(lines),
    )


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return reduce(_EXACT.add, known, _NOTHING) if len(known) == len(costs) else None
