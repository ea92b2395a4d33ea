"""Gemini API list prices, typed from its price page. US dollars as decimal text, per million tokens, per thousand
grounded prompts, per token-hour of cache storage.
"""

from decimal import Decimal

from genai_finops.simulator.sale import Sale

_LONG = "long"

#: By model, tier and whether the prompts are longer than 200,000 tokens.
_GEMINI: dict[tuple[str, str, bool], dict[str, str]] = {
    ("gemini-2.5-flash", "standard", False): {
        "uncached_input": "0.30",
        "uncached_input_audio": "1.00",
        "uncached_input_image": "0.30",
        "cache_read": "0.03",
        "output": "2.50",
        "web_search": "35",
    },
    ("gemini-2.5-flash-lite", "standard", False): {"uncached_input": "0.10", "output": "0.40"},
    ("gemini-2.5-pro", "standard", False): {
        "uncached_input": "1.25",
        "cache_read": "0.125",
        "output": "10",
        "cache_storage_token_hour": "0.0000045",
    },
    ("gemini-2.5-pro", "standard", True): {"uncached_input": "2.50", "cache_read": "0.25", "output": "15"},
    ("gemini-2.5-pro", "batch", False): {"uncached_input": "0.625", "output": "5"},
    ("gemini-3.6-flash", "standard", False): {"uncached_input": "0.75", "cache_read": "0.075", "output": "3.75"},
    ("gemini-3.6-flash", "flex", False): {"uncached_input": "0.375", "output": "1.875"},
    ("gemini-embedding-001", "standard", False): {"embedding_input": "0.15"},
}


def gemini_price(sale: Sale) -> Decimal:
    """Price per priced block of the meter. Raises LookupError where the list has none."""
    try:
        return Decimal(_GEMINI[sale.model or "", sale.service_tier, sale.context_band == _LONG][sale.meter])
    except KeyError:
        raise LookupError(f"the simulator has no Gemini price of {sale}; add it to gemini/prices.py") from None
