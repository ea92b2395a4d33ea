"""The price of a stream's traffic."""

import datetime as dt
from decimal import Decimal

from genai_finops.simulator.price_list import unit_price
from genai_finops.simulator.sale import Sale
from genai_finops.simulator.traffic import Stream


def price_of(stream: Stream, provider: str, meter: str, day: dt.date) -> Decimal | None:
    """Price per priced block of the meter; None where usage does not decide it or nothing is charged."""
    plan = stream.plan
    if meter.startswith("_"):
        return None
    return unit_price(
        Sale(
            provider=provider,
            model=stream.model,
            meter=meter,
            service_tier=plan.service_tier,
            day=day,
            geography=plan.geography,
            region_id=plan.region_id,
            context_band=plan.context_band,
            is_long=plan.is_long,
        )
    )
