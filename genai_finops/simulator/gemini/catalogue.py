"""The Gemini API in Cloud Billing's catalogue: the SKUs of the bill, and those beside them that mislead a reader."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from genai_finops.simulator.gemini.prices import gemini_price
from genai_finops.simulator.gemini.skus import SKUS
from genai_finops.simulator.google.billing_catalog import CatalogueSku, Service
from genai_finops.simulator.sale import Sale, priced_block

SERVICE_ID = "AEFD-7695-64FA"
#: When the prices of this model double.
_ANNOUNCED = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
_DOUBLED = "gemini-3.6-flash"
_ANY_DAY = dt.date(2026, 11, 1)
_MILLION = 1_000_000


def service() -> Service:
    """The service with all its SKUs."""
    return Service(SERVICE_ID, "Gemini API", (*_billed(), *_OTHERS))


def _billed() -> Iterator[CatalogueSku]:
    for (model, meter, tier, band), skus in SKUS.items():
        if model is None:
            continue
        sale = Sale(provider="gemini", model=model, meter=meter, service_tier=tier, day=_ANY_DAY, context_band=band)
        price = gemini_price(sale) / priced_block(meter)
        later = ((_ANNOUNCED, ((0, price * 2),)),) if model == _DOUBLED else ()
        for sku in skus:
            yield CatalogueSku(id=sku.id, description=sku.description, tiers=((0, price),), later=later)


def _per_million(price: str) -> Decimal:
    return Decimal(price) / _MILLION


_OTHERS = (
    # The first prompts of a day are free for a billing account.
    CatalogueSku(
        id="51A0-0101-AAAA",
        description="Grounding with Google Search for gemini 2.5 pro",
        tiers=((0, Decimal(0)), (10_000, Decimal("0.035"))),
        display_quantity=1000,
        aggregation=("ACCOUNT", "DAILY"),
    ),
    CatalogueSku(
        id="51A0-0102-AAAA",
        description="Generate_content text output token count for gemini 2.0 flash",
        tiers=((0, _per_million("0.40")), (1_000_000_000, _per_million("0.35"))),
        aggregation=("PROJECT", "MONTHLY"),
    ),
    CatalogueSku(
        id="51A0-0103-AAAA",
        description="Generate content input token count gemini 3.5 flash image flex caching",
        tiers=((0, _per_million("0.075")),),
    ),
    CatalogueSku(
        id="51A0-0104-AAAA",
        description="Generate_content_cached_input_token_count_gemini_2.5_pro_long_text",
        tiers=((0, _per_million("0.25")),),
    ),
    CatalogueSku(
        id="51A0-0105-AAAA",
        description="Generate content input token count gemini 3.1 flash lite preview text",
        tiers=((0, _per_million("0.25")),),
    ),
    CatalogueSku(
        id="51A0-0106-AAAA", description="Generate content search query gemini 3 free", tiers=((0, Decimal(0)),)
    ),
    CatalogueSku(
        id="51A0-0107-AAAA",
        description="Bidi_generate_content text input token count for gemini-3.8-live",
        tiers=((0, _per_million("0.75")),),
    ),
    CatalogueSku(
        id="51A0-0108-AAAA", description="Gemini dialog experiments surcharge units", tiers=((0, Decimal("0.01")),)
    ),
)
