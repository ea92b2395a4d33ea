"""Vertex AI's list prices, typed from its price page. US dollars as decimal text, per million tokens."""

from collections.abc import Mapping
from decimal import Decimal

from genai_finops.simulator.sale import Sale

#: Band of prompts above 200,000 tokens, as the labels of this simulation name it.
LONG = "1M"

Rates = Mapping[str, str]

_HALF = Decimal("0.5")
_REGIONAL = Decimal("1.1")


def _gemini(text: str, output: str, audio: str | None = None) -> Rates:
    rates = {"input": text, "output": output}
    return rates if audio is None else {**rates, "input_audio": audio}


def _claude(base: str, write_5m: str, write_1h: str, read: str, output: str) -> Rates:
    return {
        "uncached_input": base,
        "cache_write_5m": write_5m,
        "cache_write_1h": write_1h,
        "cache_read": read,
        "output": output,
    }


#: By model and whether the prompts are long. The global endpoint's standard prices.
_RATES: Mapping[tuple[str, bool], Rates] = {
    ("gemini-2.5-pro", False): _gemini("1.25", "10"),
    ("gemini-2.5-pro", True): _gemini("2.50", "15"),
    ("gemini-2.5-flash", False): _gemini("0.30", "2.50", audio="1.00"),
    ("gemini-3.6-flash", False): _gemini("0.75", "3.75"),
    ("gemini-embedding-001", False): {"embedding_input": "0.15"},
    ("claude-opus-5", False): _claude("5", "6.25", "10", "0.50", "25"),
    ("claude-sonnet-5", False): _claude("2", "2.50", "4", "0.20", "10"),
    ("claude-sonnet-4-5@20250929", False): _claude("3", "3.75", "6", "0.30", "15"),
    ("claude-sonnet-4-5@20250929", True): _claude("6", "7.50", "12", "0.60", "22.50"),
    ("claude-haiku-4-5@20251001", False): _claude("1", "1.25", "2", "0.10", "5"),
}
#: Regional endpoints of these cost what the global one does.
_WITHOUT_SURCHARGE = ("gemini-2.5-", "gemini-embedding-001")
_TIERS = {"standard": Decimal(1), "batch": _HALF}


def gcp_vertex_price(sale: Sale) -> Decimal:
    """Price per million tokens of the meter. Raises LookupError where the list has none."""
    model = sale.model or ""
    try:
        base = Decimal(_RATES[model, sale.context_band == LONG][sale.meter])
        tier = _TIERS[sale.service_tier]
    except KeyError:
        raise LookupError(f"the simulator has no Vertex AI price of {sale}; add it to gcp_vertex/prices.py") from None
    is_surcharged = sale.geography == "regional" and not model.startswith(_WITHOUT_SURCHARGE)
    return base * tier * (_REGIONAL if is_surcharged else 1)
