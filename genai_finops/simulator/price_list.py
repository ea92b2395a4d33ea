"""The simulator's own list prices, typed from the providers' price pages; one module for each provider.

US dollars. Unit: per million tokens or characters, per thousand searches, per second, per image.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from genai_finops.simulator.anthropic.prices import anthropic_price
from genai_finops.simulator.aws_bedrock.prices import aws_bedrock_price
from genai_finops.simulator.azure_openai.prices import azure_openai_price
from genai_finops.simulator.gcp_vertex.prices import gcp_vertex_price
from genai_finops.simulator.gemini.prices import gemini_price
from genai_finops.simulator.openai.prices import openai_price
from genai_finops.simulator.sale import Sale

_PRICES: Mapping[str, Callable[[Sale], Decimal | None]] = {
    "openai": openai_price,
    "anthropic": anthropic_price,
    "azure_openai": azure_openai_price,
    "aws_bedrock": aws_bedrock_price,
    "gcp_vertex": gcp_vertex_price,
    "gemini": gemini_price,
}
_UNPRICED_METERS = frozenset({"request", "storage_byte", "container_session", "image"})


def unit_price(sale: Sale) -> Decimal | None:
    """Price per priced block of the meter; None where usage does not decide it or where nothing is charged for it.

    Traffic on a commitment costs 0: the commitment is billed elsewhere. So does free traffic. Raises LookupError for a
    sale that the list does not foresee, so that no traffic of the simulation is without a known price by accident.
    """
    if sale.meter in _UNPRICED_METERS or (sale.model is None and sale.meter == "unmapped"):
        return None
    if sale.service_tier in {"committed", "free"}:
        return Decimal(0)
    if sale.provider not in _PRICES:
        raise LookupError(f"the simulator has no prices of provider {sale.provider}; add them to price_list.py")
    return _PRICES[sale.provider](sale)
