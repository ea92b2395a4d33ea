"""Hand-made cost rows of commitments and infrastructure: payments, used, idle and overage."""

import datetime as dt
from collections.abc import Iterator
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from genai_finops.schemas.meters import METERS

from .commitments import COMMITMENTS, NOW, Agreed, infrastructure_prices, midnight

Row = dict[str, Any]

EXACT = Context(prec=60)


def _row(whose: tuple[str, str], day: dt.date, meter: str, quantity: Decimal, price: str | Decimal, **more: Any) -> Row:
    provider, org = whose
    pricing_quantity = more.get("pricing_quantity", quantity)
    price = Decimal(price)
    cost = EXACT.multiply(price, pricing_quantity)
    return {
        "flow": "commitment",
        "provider": provider,
        "usage_date": day,
        "service_tier": "committed",
        "meter": meter,
        "quantity": quantity,
        "consumed_unit": METERS[meter].consumed_unit,
        "pricing_status": "priced",
        "is_estimated": False,
        "pricing_type": "standard",
        "pricing_source": "test 1",
        "currency": "USD",
        "pricing_unit": METERS[meter].pricing_unit,
        "pricing_quantity": pricing_quantity,
        "free_quantity": Decimal(0),
        "list_unit_price": price,
        "contracted_unit_price": price,
        "list_cost": cost,
        "contracted_cost": cost,
        "effective_cost": cost,
        "billed_cost": cost,
        "charge_category": "Usage",
        "charge_frequency": "Usage-Based",
        "pricing_category": "Standard",
        "charge_period_start": midnight(day),
        "charge_period_end": midnight(day + dt.timedelta(days=1)),
        "x_org_slug": org,
        "x_pipeline_id": f"{provider}.commitment_usage",
        "x_credential_id": "main",
        "x_pipeline_run_date": day,
        "x_run_id": "run-1",
        "x_ingested_at": NOW,
        "x_ingestion_date": day,
        "x_genai_provider": provider.upper(),
        "x_genai_account_id": f"acct-{provider}",
    } | more


def _payments(found: Agreed) -> Iterator[Row]:
    common = {
        "charge_category": "Purchase",
        "commitment_id": found.id,
        "effective_cost": Decimal(0),
        "pricing_unit": found.pricing_unit,
        "pricing_id": found.pricing_id,
        "region_id": found.region,
        "provider_model_id": found.model,
    }
    where = (found.provider, found.org)
    for start, end, units in found.payments:
        hours = Decimal(units * (end - start).days * 24)
        yield (
            _row(where, start, found.meter, hours, found.unit_price or "", pricing_quantity=Decimal(units))
            | common
            | {
                "charge_frequency": "One-Time" if found.payment == "upfront" else "Recurring",
                "commitment_quantity": hours,
                "charge_period_start": midnight(start),
                "charge_period_end": midnight(end),
            }
        )
    if found.payment == "hourly":
        for day in found.days:
            hours = Decimal(found.units * 24)
            yield (
                _row(where, day, found.meter, hours, found.hour_price)
                | common
                | {
                    "charge_frequency": "Recurring",
                    "commitment_quantity": hours,
                }
            )


def used_hours(found: Agreed, day: dt.date) -> Decimal:
    """Unit-hours of the day that were used: three quarters, but all of a tenth and none of an eleventh."""
    whole = Decimal(found.units * 24)
    return whole if day.day == 10 else Decimal(0) if day.day == 11 else whole * 3 / 4


def _shares(cost: Decimal, number: int) -> list[Decimal]:
    """The cost in equal parts of 18 decimals that add up to it."""
    ends = [
        (EXACT.multiply(cost, Decimal(n)) / number).quantize(Decimal("1e-18"), ROUND_DOWN, EXACT)
        for n in range(number + 1)
    ]
    return [EXACT.subtract(ends[n + 1], ends[n]) for n in range(number)]


def _usage(found: Agreed) -> Iterator[Row]:
    if found.payment == "hourly":
        per_day = [EXACT.multiply(found.hour_price, Decimal(found.units * 24))] * len(found.days)
    else:
        start, end, units = found.payments[0]
        assert found.unit_price is not None
        per_day = _shares(EXACT.multiply(Decimal(found.unit_price), Decimal(units)), (end - start).days)
    for day, cost in zip(found.days, per_day, strict=False):
        used = used_hours(found, day)
        idle = Decimal(found.units * 24) - used
        part = (EXACT.multiply(cost, used) / (found.units * 24)).quantize(Decimal("1e-18"), ROUND_DOWN, EXACT)
        common = {
            "commitment_id": found.id,
            "pricing_category": "Committed",
            "billed_cost": Decimal(0),
            "region_id": found.region,
        }
        common |= {"provider_model_id": found.model}
        where = ((found.provider, found.org), day, found.meter)
        if used:
            price, pricing_id = found.on_demand or (found.hour_price, found.pricing_id)
            yield (
                _row(*where, used, price)
                | common
                | {
                    "commitment_status": "Used",
                    "commitment_quantity": used,
                    "effective_cost": part,
                    "pricing_id": pricing_id,
                    "resource_id": f"deployment-of-{found.id}",
                    "resource_type": "Model Deployment",
                    "geography": found.scope,
                }
            )
        if idle:
            yield (
                _row(*where, idle, found.hour_price)
                | common
                | {
                    "commitment_status": "Unused",
                    "commitment_quantity": idle,
                    "effective_cost": EXACT.subtract(cost, part),
                    "pricing_id": found.pricing_id,
                }
            )


def _without_commitment() -> Iterator[Row]:
    day = dt.date(2026, 10, 31)
    resource = {"resource_id": "deployment-of-res-1", "resource_type": "Model Deployment", "geography": "global"}
    yield (_row(("azure_openai", "acme"), day, "ptu_hour", Decimal(240), "1") | resource | {"pricing_id": "ptu"})
    for price in infrastructure_prices():
        hours = Decimal("7.25")
        is_spot = price["purchase_option"] == "spot"
        yield _row((price["provider"], "acme"), day, price["meter"], hours, price["unit_price"]) | {
            "flow": "infrastructure",
            "pricing_id": price["pricing_id"],
            "variant": price["variant"],
            "provider_service_tier": price.get("workload"),
            "service_tier": "spot" if is_spot else "standard",
            "pricing_category": "Dynamic" if is_spot else "Standard",
            "region_id": price.get("region_id"),
            "resource_id": f"machine-{price['pricing_id']}",
            "x_pipeline_id": f"{price['provider']}.infrastructure_usage",
        }


def capacity_rows() -> Iterator[Row]:
    """Cost rows of both flows."""
    for found in COMMITMENTS:
        if found.unit_price is not None:
            yield from _payments(found)
            yield from _usage(found)
    yield from _without_commitment()


def utilization_rows() -> list[Row]:
    """Rows of genai_commitment_utilization_daily."""
    return [
        {
            "x_org_slug": found.org,
            "provider": found.provider,
            "x_genai_account_id": f"acct-{found.provider}",
            "meter": found.meter,
            "commitment_id": found.id,
            "usage_date": day,
            "committed_quantity": Decimal(found.units * 24),
            "used_quantity": used_hours(found, day),
            "unused_quantity": Decimal(found.units * 24) - used_hours(found, day),
            "overage_quantity": Decimal(0),
            "tokens": Decimal(0),
            "x_ingestion_date": day,
        }
        for found in COMMITMENTS
        if found.unit_price is not None
        for day in found.days
    ]
