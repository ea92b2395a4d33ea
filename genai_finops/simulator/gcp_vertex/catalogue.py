"""Vertex AI in Cloud Billing's catalogue: Google's and open models, machines, commitments; Claude is not in it."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from genai_finops.simulator.gcp_vertex.prices import LONG, gcp_vertex_price
from genai_finops.simulator.google.billing_catalog import CatalogueSku, Service
from genai_finops.simulator.sale import Sale

SERVICE_ID = "C7E2-9256-1C43"
#: When the prices of this model double.
_ANNOUNCED = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
_DOUBLED = "gemini-3.6-flash"
_ANY_DAY = dt.date(2026, 11, 1)
_MILLION = 1_000_000
_PRO, _FLASH = "gemini-2.5-pro", "gemini-2.5-flash"

#: Description, model, meter, tier, band and regions of what the price list of this simulation has a price for.
_SOLD: Sequence[tuple[str, str, str, str, str | None, tuple[str, ...]]] = (
    ("Gemini 2.5 Pro Text Input - Predictions", _PRO, "input", "standard", None, ()),
    ("Gemini 2.5 Pro Text Input (Long) - Predictions", _PRO, "input", "standard", LONG, ()),
    ("Gemini 2.5 Pro Text Output - Predictions", _PRO, "output", "standard", None, ()),
    ("Gemini 2.5 Pro Thinking Text Output - Predictions", _PRO, "output", "standard", None, ()),
    ("Gemini 2.5 Pro Text Output (Long) - Predictions", _PRO, "output", "standard", LONG, ()),
    ("Gemini 2.5 Pro Text Input - Batch Predictions", _PRO, "input", "batch", None, ()),
    ("Gemini 2.5 Pro Text Output (Long) - Batch Predictions", _PRO, "output", "batch", LONG, ()),
    ("Gemini 2.5 Flash GA Text Input - Predictions", _FLASH, "input", "standard", None, ()),
    ("Gemini 2.5 Flash GA Text Input (Long) - Predictions", _FLASH, "input", "standard", None, ()),
    ("Gemini 2.5 Flash GA Audio Input - Predictions", _FLASH, "input_audio", "standard", None, ()),
    ("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions", _FLASH, "output", "standard", None, ()),
    ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", _FLASH, "output", "standard", None, ()),
    ("Gemini 2.5 Flash GA Text Input - Batch Predictions", _FLASH, "input", "batch", None, ()),
    ("Gemini 3.6 Flash Global Text Input - Predictions", _DOUBLED, "input", "standard", None, ()),
    ("Gemini 3.6 Flash Global Text Output - Predictions", _DOUBLED, "output", "standard", None, ()),
    ("Gemini 3.6 Flash Regional Text Input - Predictions", _DOUBLED, "input", "standard", None, ("us-central1",)),
    ("Gemini 3.6 Flash Regional Text Input - Predictions", _DOUBLED, "input", "standard", None, ("europe-west4",)),
    ("Gemini 3.6 Flash Regional Text Output - Predictions", _DOUBLED, "output", "standard", None, ("us-central1",)),
)
#: Description and dollars per million tokens of what nobody in this simulation uses.
_UNSOLD: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("Gemini 2.5 Pro Input Text Caching", "0.125", ()),
    ("Gemini 2.5 Pro Input Text Caching (Long)", "0.25", ()),
    ("Gemini 2.5 Pro Input Text Caching Storage", "4.50", ()),
    # The price of the preview, under a name that is not told from the model's by a hasty reader.
    ("Gemini 2.5 Flash Text Input - Predictions", "0.15", ()),
    ("Gemini 2.0 Flash Text Input - Predictions", "0.15", ("us-central1",)),
    ("Gemini 2.0 Flash Text Input - Predictions", "0.18", ("asia-south1",)),
    ("Gemini 3 Flash Text Input Flex - Predictions", "0.25", ()),
    ("Gemini 3 Flash Image Input Caching Priority", "0.09", ()),
    ("Cloud Vertex AI Model Garden Model as a Service Kimi K2 Thinking Input Token", "0.60", ()),
    ("Cloud Vertex AI Model Garden Model as a Service Kimi K2 Thinking Output Token", "2.50", ()),
    ("Gemini 2.5 Flash Live Audio (AV2A) Output - Predictions", "12", ()),
    ("Large Text Embedding Model - Predictions", "0.15", ()),
)


def service() -> Service:
    """The service with all its SKUs."""
    return Service(SERVICE_ID, "Vertex AI", (*_sold(), *_unsold(), *_OTHERS))


def _sold() -> Iterator[CatalogueSku]:
    for position, (description, model, meter, tier, band, regions) in enumerate(_SOLD):
        sale = Sale(
            provider="gcp_vertex",
            model=model,
            meter=meter,
            service_tier=tier,
            day=_ANY_DAY,
            geography="regional" if regions else "global",
            context_band=band,
        )
        price = gcp_vertex_price(sale) / _MILLION
        yield CatalogueSku(
            id=f"51A0-{position:04X}-CCCC",
            description=description,
            tiers=((0, price),),
            later=((_ANNOUNCED, ((0, price * 2),)),) if model == _DOUBLED else (),
            regions=regions,
        )


def _unsold() -> Iterator[CatalogueSku]:
    for position, (description, price, regions) in enumerate(_UNSOLD):
        tiers = ((0, Decimal(price) / _MILLION),)
        yield CatalogueSku(id=f"51A0-{position:04X}-DDDD", description=description, tiers=tiers, regions=regions)


_OTHERS = (
    CatalogueSku(
        id="51A0-0000-EEEE",
        description="Gemini 2.0 Flash Lite Text Output - Predictions",
        tiers=((0, Decimal("0.30") / _MILLION), (1_000_000_000, Decimal("0.25") / _MILLION)),
        aggregation=("PROJECT", "MONTHLY"),
    ),
    CatalogueSku(
        id="51A0-0001-EEEE",
        description="Vertex AI: Online/Batch Prediction NVIDIA H100 80GB GPU running in Americas",
        tiers=((0, Decimal("9.796550569")),),
        unit="h",
        display_quantity=1,
        resource_group="GPU",
        regions=("us-central1", "us-east4"),
    ),
    CatalogueSku(
        id="51A0-0002-EEEE",
        description="Vertex AI: Training on Spot TPU v5e running in Iowa",
        tiers=((0, Decimal("0.54")),),
        unit="h",
        display_quantity=1,
        usage_type="Preemptible",
        resource_group="TPU",
        regions=("us-central1",),
    ),
    CatalogueSku(
        id="51A0-0003-EEEE",
        description="Generative AI Provisioned Throughput GSU 1 month",
        tiers=((0, Decimal("3.6986")),),
        unit="h",
        display_quantity=1,
        usage_type="Commit1Mo",
    ),
)
