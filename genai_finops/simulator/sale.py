"""What decides a price in the simulator, and how much of a meter one price buys."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

#: Consumed units in one priced unit, by meter; a meter that is not named is priced per million.
_BLOCKS = {
    "web_search": 1000,
    "file_search": 1000,
    "audio_second": 1,
    "image": 1,
    "container_session": 1,
    "storage_byte": 1,
    "unmapped": 1,
    "cache_storage_token_hour": 1,
}


def priced_block(meter: str) -> int:
    """How many consumed units of the meter one price buys."""
    return _BLOCKS.get(meter, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What decides a price."""

    provider: str
    model: str | None
    meter: str
    service_tier: str
    day: dt.date
    geography: str | None = None
    region_id: str | None = None
    context_band: str | None = None
    is_long: bool = False


def cost_of(quantity: int, price: Decimal, meter: str) -> Decimal:
    """Exact cost in US dollars: blocks are powers of ten, so that the division is exact."""
    return quantity * price / priced_block(meter)
