"""Azure OpenAI's list prices, typed from its price page. US dollars as decimal text, per million tokens."""

from decimal import Decimal

from genai_finops.simulator.sale import Sale


def _tokens(uncached: str, read: str, output: str, **more: str) -> dict[str, str]:
    return {"input": uncached, "uncached_input": uncached, "cache_read": read, "output": output, **more}


#: Global prices by model and processing.
_GLOBAL: dict[tuple[str, str], dict[str, str]] = {
    ("gpt-4.1-2025-04-14", "standard"): _tokens("2", "0.5", "8"),
    ("gpt-4.1-mini-2025-04-14", "standard"): _tokens("0.4", "0.1", "1.6"),
    ("gpt-4.1-mini-2025-04-14", "batch"): _tokens("0.2", "0.1", "0.8"),
    ("gpt-4o-2024-08-06", "standard"): _tokens("2.5", "1.25", "10"),
    ("gpt-4o-2024-11-20", "standard"): _tokens("2.5", "1.25", "10"),
    ("gpt-4o-2024-11-20", "batch"): _tokens("1.25", "1.25", "5"),
    ("gpt-4o-mini-2024-07-18", "standard"): _tokens("0.15", "0.075", "0.6"),
    ("gpt-5-2025-08-07", "standard"): _tokens("1.25", "0.125", "10"),
    ("text-embedding-3-small", "standard"): {"embedding_input": "0.02"},
    ("claude-opus-5", "standard"): _tokens("5", "0.5", "25", cache_write_5m="6.25", cache_write_1h="10"),
    ("claude-sonnet-5", "standard"): _tokens("2", "0.2", "10", cache_write_5m="2.5", cache_write_1h="4"),
}
_GEOGRAPHIES = {"global": Decimal(1), "data_zone_us": Decimal("1.1"), "data_zone_eu": Decimal("1.1")}


def azure_openai_price(sale: Sale) -> Decimal | None:
    """Price per priced block of the meter; None where the model is not known, or where no price is published: single
    regions, and the developer tier. Raises LookupError where the list should have one.
    """
    if sale.model is None or sale.geography in {"regional", "unknown"}:
        return None
    try:
        return Decimal(_GLOBAL[sale.model, sale.service_tier][sale.meter]) * _GEOGRAPHIES[sale.geography or ""]
    except KeyError:
        raise LookupError(f"the simulator has no Azure price of {sale}; add it to azure_openai/prices.py") from None
