"""The simulator's own list prices, typed from the providers' price pages. US dollars as decimal text.

Unit: per million tokens or characters, per thousand searches, per second, per image. Prices are dated by the day
they became valid; an entry without a predecessor holds for all earlier days of the simulation.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

#: Consumed units in one priced unit, by meter; a meter that is not named is priced per million.
_BLOCKS = {
    "web_search": 1000,
    "file_search": 1000,
    "audio_second": 1,
    "image": 1,
    "container_session": 1,
    "storage_byte": 1,
}


def priced_block(meter: str) -> int:
    """How many consumed units of the meter one price buys."""
    return _BLOCKS.get(meter, 1_000_000)


class _Dated(NamedTuple):
    since: dt.date
    rates: Mapping[str, str]


_ALWAYS = dt.date(2024, 12, 1)


def _tokens(uncached: str, read: str, output: str, **more: str) -> dict[str, str]:
    return {"uncached_input": uncached, "cache_read": read, "output": output, **more}


#: OpenAI by model and processing. Batch of the older models has no cached rate of its own: the standard one holds.
_OPENAI: dict[tuple[str, str], dict[str, str]] = {
    ("gpt-4o-2024-08-06", "standard"): _tokens("2.50", "1.25", "10"),
    ("gpt-4o-2024-08-06", "batch"): _tokens("1.25", "1.25", "5"),
    ("gpt-4o-2024-08-06", "priority"): _tokens("4.25", "2.125", "17"),
    ("gpt-4o-mini-2024-07-18", "standard"): _tokens("0.15", "0.075", "0.60"),
    ("gpt-4o-mini-2024-07-18", "batch"): _tokens("0.075", "0.075", "0.30"),
    ("o3-mini-2025-01-31", "standard"): _tokens("1.10", "0.55", "4.40"),
    ("gpt-5-2025-08-07", "standard"): _tokens("1.25", "0.125", "10"),
    ("gpt-5-2025-08-07", "batch"): _tokens("0.625", "0.0625", "5"),
    ("gpt-5-2025-08-07", "flex"): _tokens("0.625", "0.0625", "5"),
    ("gpt-5-2025-08-07", "priority"): _tokens("2.5", "0.25", "20"),
    ("gpt-5.5-2026-04-23", "standard"): _tokens("5", "0.50", "30"),
    ("gpt-5.5-2026-04-23", "long"): _tokens("10", "1", "45"),
    ("gpt-5.5-2026-04-23", "batch"): _tokens("2.5", "0.25", "15"),
    ("gpt-5.6-terra", "standard"): _tokens("2", "0.20", "12", cache_write="2.5"),
    ("gpt-5.6-terra", "batch"): _tokens("1", "0.10", "6", cache_write="1.25"),
    ("gpt-5.6-terra", "priority"): _tokens("4", "0.40", "24", cache_write="5"),
    ("gpt-realtime-2025-08-28", "standard"): _tokens(
        "4", "0.40", "16", uncached_input_audio="32", cache_read_audio="0.40", output_audio="64"
    ),
    ("text-embedding-3-small", "standard"): {"embedding_input": "0.02"},
    ("omni-moderation-latest", "standard"): {"moderation_input": "0"},
    ("whisper-1", "standard"): {"audio_second": "0.0001"},
    ("tts-1", "standard"): {"character": "15"},
}
_OPENAI_TOOLS = {"web_search": "10", "file_search": "2.50"}

_ANTHROPIC_METERS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")


def _claude(*rates: str) -> dict[str, str]:
    return dict(zip(_ANTHROPIC_METERS, rates, strict=True))


#: Anthropic by model and length of prompts, oldest first.
_ANTHROPIC: dict[tuple[str, bool], tuple[_Dated, ...]] = {
    ("claude-opus-5", False): (_Dated(_ALWAYS, _claude("5", "6.25", "10", "0.50", "25")),),
    ("claude-sonnet-5", False): (_Dated(_ALWAYS, _claude("2", "2.50", "4", "0.20", "10")),),
    ("claude-sonnet-4-6", False): (_Dated(_ALWAYS, _claude("3", "3.75", "6", "0.30", "15")),),
    ("claude-sonnet-4-6", True): (
        _Dated(_ALWAYS, _claude("6", "7.5", "12", "0.6", "22.5")),
        _Dated(dt.date(2026, 3, 13), _claude("3", "3.75", "6", "0.30", "15")),
    ),
    ("claude-haiku-4-5", False): (_Dated(_ALWAYS, _claude("1", "1.25", "2", "0.10", "5")),),
    ("claude-haiku-5-5", False): (_Dated(_ALWAYS, _claude("0.10", "0.125", "0.20", "0.01", "0.50")),),
    ("claude-haiku-5-5", True): (_Dated(_ALWAYS, _claude("0.5", "0.625", "1", "0.05", "2.5")),),
}
_ANTHROPIC_TIERS = {"standard": Decimal(1), "batch": Decimal("0.5"), "fast": Decimal(2)}
_ANTHROPIC_GEOGRAPHIES = {None: Decimal(1), "global": Decimal(1), "us": Decimal("1.1")}
_ANTHROPIC_WEB_SEARCH = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What decides a price."""

    provider: str
    model: str | None
    meter: str
    service_tier: str
    day: dt.date
    geography: str | None = None
    context_band: str | None = None
    is_long: bool = False


def unit_price(sale: Sale) -> Decimal | None:
    """Price per priced block of the meter; None where usage does not decide it or where nothing is charged for it.

    Traffic on a commitment costs 0: the commitment is billed elsewhere. Raises LookupError for a sale that the list
    does not foresee, so that no traffic of the simulation is without a known price by accident.
    """
    if sale.meter in {"request", "storage_byte", "container_session", "image"}:
        return None
    if sale.service_tier == "committed":
        return Decimal(0)
    if sale.provider == "openai":
        return _openai_price(sale)
    if sale.provider == "anthropic":
        return _anthropic_price(sale)
    raise LookupError(f"the simulator has no prices of provider {sale.provider}; add them to price_list.py")


def _openai_price(sale: Sale) -> Decimal:
    if sale.meter in _OPENAI_TOOLS:
        return Decimal(_OPENAI_TOOLS[sale.meter])
    processing = "long" if sale.is_long else sale.service_tier
    try:
        return Decimal(_OPENAI[sale.model or "", processing][sale.meter])
    except KeyError:
        raise LookupError(f"the simulator has no OpenAI price of {sale}; add it to price_list.py") from None


def _anthropic_price(sale: Sale) -> Decimal:
    if sale.meter == "web_search":
        return _ANTHROPIC_WEB_SEARCH
    try:
        dated = _ANTHROPIC[sale.model or "", sale.is_long or sale.context_band == "200k-1M"]
        base = [entry for entry in dated if entry.since <= sale.day or entry is dated[0]][-1].rates[sale.meter]
        return Decimal(base) * _ANTHROPIC_TIERS[sale.service_tier] * _ANTHROPIC_GEOGRAPHIES[sale.geography]
    except KeyError:
        raise LookupError(f"the simulator has no Anthropic price of {sale}; add it to price_list.py") from None


def cost_of(quantity: int, price: Decimal, meter: str) -> Decimal:
    """Exact cost in US dollars: blocks are powers of ten, so that the division is exact."""
    return quantity * price / priced_block(meter)
