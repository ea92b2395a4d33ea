"""Anthropic's list prices, typed from its price page. US dollars as decimal text, per million tokens, per thousand
searches. Prices are dated by the day they became valid; the first one holds for all earlier days of the simulation.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from genai_finops.simulator.sale import Sale


class _Dated(NamedTuple):
    since: dt.date
    rates: Mapping[str, str]


_ALWAYS = dt.date(2024, 12, 1)

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


def anthropic_price(sale: Sale) -> Decimal:
    """Price per priced block of the meter. Raises LookupError where the list has none."""
    if sale.meter == "web_search":
        return _ANTHROPIC_WEB_SEARCH
    try:
        dated = _ANTHROPIC[sale.model or "", sale.is_long or sale.context_band == "200k-1M"]
        base = [entry for entry in dated if entry.since <= sale.day or entry is dated[0]][-1].rates[sale.meter]
        return Decimal(base) * _ANTHROPIC_TIERS[sale.service_tier] * _ANTHROPIC_GEOGRAPHIES[sale.geography]
    except KeyError:
        raise LookupError(f"the simulator has no Anthropic price of {sale}; add it to anthropic/prices.py") from None
