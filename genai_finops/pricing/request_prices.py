"""The prices of single requests, which the engine keeps so that those of a known kind are found without a query."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import polars as pl

from genai_finops.pricing.rating_engine import RatingEngine, ResolvedPrice
from genai_finops.pricing.rating_statements import USAGE_SCHEMA
from genai_finops.pricing.requests import Request


def prices_on_day(engine: RatingEngine, request: Request, meters: Iterable[str]) -> dict[str, ResolvedPrice]:
    """The price of each meter on the day of the request."""
    kind = _kind(engine, request)
    missing = [meter for meter in meters if (kind, meter) not in engine.periods]
    if missing:
        found = engine.prices_of(usage_frame(request, dict.fromkeys(missing, Decimal(0)), ids=missing))
        for meter in missing:
            engine.periods[kind, meter] = [price for price in found if price.asked_id == meter]
    return {meter: _of_day(engine.periods[kind, meter], request) for meter in meters}


def _of_day(periods: Sequence[ResolvedPrice], request: Request) -> ResolvedPrice:
    return periods[bisect_right(periods, request.date, key=lambda price: price.valid_from) - 1]


def _kind(engine: RatingEngine, request: Request) -> tuple[object, ...]:
    """What decides the prices beside the day. Prompts between two lengths at which no price changes are of one kind."""
    edges = engine.context_edges.get(request.provider, ())
    above, up_to = request.context_above, request.context_up_to
    return (
        *(request.provider, request.model, request.service_tier, request.geography, request.variant),
        0 if above is None else bisect_right(edges, above),
        len(edges) if up_to is None else bisect_left(edges, up_to),
        bisect_right(engine.rule_days, request.date),
        *((request.org, request.account) if request.org in engine.priced_orgs else ()),
    )


def usage_frame(request: Request, quantities: Mapping[str, Decimal], *, ids: Sequence[str]) -> pl.DataFrame:
    """The request as usage, one row for each meter, in the columns that the engine takes."""
    rows = [
        {
            "usage_id": usage_id,
            "provider": request.provider,
            "usage_date": request.date,
            "provider_model_id": request.model,
            "meter": meter,
            "quantity": quantity,
            "service_tier": request.service_tier,
            "geography": request.geography,
            "context_tokens_above": request.context_above,
            "context_tokens_up_to": request.context_up_to,
            "variant": request.variant,
            "x_org_slug": request.org,
            "x_genai_account_id": request.account,
        }
        for usage_id, (meter, quantity) in zip(ids, quantities.items(), strict=True)
    ]
    return pl.DataFrame(rows, schema=dict(USAGE_SCHEMA))
