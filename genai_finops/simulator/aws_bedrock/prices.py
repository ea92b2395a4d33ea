"""Bedrock's list prices, typed from its price page. US dollars as decimal text, per million tokens."""

from decimal import Decimal

from genai_finops.simulator.sale import Sale

_METERS = ("uncached_input", "cache_read", "cache_write", "output")


def _claude(*rates: str) -> dict[str, str]:
    return dict(zip(_METERS, rates, strict=True))


#: By model and geography, of which `regional` is the US. In any region Claude costs a tenth more than globally.
PRICES: dict[tuple[str, str | None], dict[str, str]] = {
    ("claude-opus-5", "global"): _claude("5", "0.50", "6.25", "25"),
    ("claude-sonnet-4-5", "regional"): _claude("3.30", "0.33", "4.125", "16.50"),
    ("claude-haiku-4-5", "regional_eu"): _claude("1.10", "0.11", "1.375", "5.50"),
    ("nova-pro", "regional"): {"uncached_input": "0.80", "cache_read": "0.20", "output": "3.20"},
    ("nova-pro", "regional_eu"): {"uncached_input": "1.05", "cache_read": "0.2625", "output": "4.20"},
    ("nova-lite", "regional"): {"uncached_input": "0.06", "cache_read": "0.015", "output": "0.24"},
    ("llama3-3-70b", "regional"): {"uncached_input": "0.72", "output": "0.72"},
    ("titan-embed-text-v2", "regional"): {"uncached_input": "0.02"},
    # Without a discount for cached input, the whole input has one price.
    ("gpt-oss-120b", "regional"): {"input": "0.15", "output": "0.60"},
}
#: Share of the standard price, by tier.
TIERS = {"standard": Decimal(1), "flex": Decimal("0.5")}


def aws_bedrock_price(sale: Sale) -> Decimal | None:
    """Price per priced block of the meter; None without a model. Raises LookupError where the list has none."""
    if sale.model is None:
        return None
    for (model, geography), rates in PRICES.items():
        is_sold = model in sale.model and geography == sale.geography and sale.service_tier in TIERS
        if is_sold and sale.meter in rates:
            return Decimal(rates[sale.meter]) * TIERS[sale.service_tier]
    raise LookupError(f"the simulator has no Bedrock price of {sale}; add it to aws_bedrock/prices.py")
