"""What the simulated AWS Price List sells, in the three spellings of AWS's usage types.

Prices of what the simulated accounts use are those of prices.py. Around them is what makes the real list hard to read.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from genai_finops.simulator.aws_bedrock.prices import PRICES, TIERS

#: Prefix of the usage types of each region that is sold in; it cannot be told from the region's name.
REGIONS = {
    "us-east-1": "USE1",
    "us-east-2": "USE2",
    "us-west-2": "USW2",
    "eu-central-1": "EUC1",
    "eu-west-1": "EU",
    "eu-west-3": "EUW3",
    "eu-north-1": "EUN1",
    "ap-northeast-1": "APN1",
    "ap-southeast-2": "APS2",
    "ap-south-1": "APS3",
    "ca-central-1": "CAN1",
}
BEDROCK, MARKETPLACE = "AmazonBedrock", "AmazonBedrockFoundationModels"
PUBLISHED = "2026-09-25T18:21:32Z"
EFFECTIVE = "2026-06-01T00:00:00Z"

_PER_1K, _PER_1M, _UNITS = "1K tokens", "1M tokens", "Units"
_AREAS = {"us": "regional", "eu": "regional_eu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU. `ranges`: where each price begins, in units, and the price per unit."""

    service: str
    region: str
    usage_type: str
    unit: str
    ranges: tuple[tuple[str, Decimal], ...]
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        """The same for the same product in each run."""
        words = f"{self.service}/{self.usage_type}/{self.attributes.get('servicename')}"
        return hashlib.sha256(words.encode()).hexdigest()[:16].upper()

    @property
    def all_attributes(self) -> dict[str, str]:
        """What filters can ask for."""
        named = {"servicecode": self.service, "regionCode": self.region, "usagetype": self.usage_type}
        return {**named, "locationType": "AWS Region", **self.attributes}

    def as_json(self) -> dict[str, Any]:
        """The element of PriceList before it becomes a text."""
        term = f"{self.sku}.JRTCKXETXF"
        ends = [*(begin for begin, _ in self.ranges[1:]), "Inf"]
        dimensions = {
            f"{term}.{number:010d}": {
                "rateCode": f"{term}.{number:010d}",
                "unit": self.unit,
                "beginRange": begin,
                "endRange": end,
                "description": f"${price} per {self.unit} for {self.usage_type}",
                "appliesTo": [],
                "pricePerUnit": {"USD": f"{price:.10f}"},
            }
            for number, ((begin, price), end) in enumerate(zip(self.ranges, ends, strict=True))
        }
        return {
            "product": {"sku": self.sku, "productFamily": "Amazon Bedrock", "attributes": self.all_attributes},
            "serviceCode": self.service,
            "version": "20260925182132",
            "publicationDate": PUBLISHED,
            "terms": {
                "OnDemand": {
                    term: {
                        "sku": self.sku,
                        "offerTermCode": "JRTCKXETXF",
                        "effectiveDate": EFFECTIVE,
                        "termAttributes": {},
                        "priceDimensions": dimensions,
                    }
                }
            },
        }


@cache
def products(service: str) -> tuple[Product, ...]:
    """Everything of a service, in the order of the list. Empty for one that sells nothing here."""
    found = [product for region in REGIONS for product in _of_region(region) if product.service == service]
    return tuple(sorted(found, key=lambda product: product.sku))


def _of_region(region: str) -> Iterator[Product]:
    area = _AREAS.get(region.partition("-")[0])
    yield from _amazon(region, area)
    yield from _claude(region, area)
    yield from _other_products(region)
    if area == "regional":
        yield from _further_models(region)


#: Shortened name in usage types, display name, maker; the model's id where the usage type has it instead.
_NAMES = {
    "nova-pro": ("NovaPro", "Nova Pro", "Amazon"),
    "nova-lite": ("NovaLite", "Nova Lite", "Amazon"),
    "llama3-3-70b": ("Llama3-3-70B", "Llama 3.3 70B", "Meta"),
    "titan-embed-text-v2": ("TitanEmbeddingsV2-Text", "", "Amazon"),
    "gpt-oss-120b": ("openai.gpt-oss-120b-mantle", "gpt-oss-120b", "OpenAI"),
}
_WORDS = {
    "uncached_input": ("input-tokens", "Input tokens"),
    "input": ("input-tokens", "Input tokens"),
    "cache_read": ("cache-read-input-token-count", "Prompt cache read input tokens"),
    "output": ("output-tokens", "Output tokens"),
}


def _amazon(region: str, area: str | None) -> Iterator[Product]:
    """Per thousand tokens. The attribute in words is the same for all tiers."""
    for (model, geography), rates in PRICES.items():
        if geography != area or model not in _NAMES:
            continue
        name, display, maker = _NAMES[model]
        attributes = {"provider": maker, **({"model": display} if display else {})}
        for meter, rate in rates.items():
            word, inference_type = _WORDS[meter]
            for tier, share in TIERS.items():
                plain = "-standard" if "mantle" in name else ""
                yield Product(
                    service=BEDROCK,
                    region=region,
                    usage_type=f"{REGIONS[region]}-{name}-{word}{plain if tier == 'standard' else f'-{tier}'}",
                    unit=_PER_1K,
                    ranges=(("0", Decimal(rate) * share / 1000),),
                    attributes={**attributes, "inferenceType": inference_type},
                )


_CLAUDE = {
    "claude-opus-5": "Claude Opus 5",
    "claude-sonnet-4-5": "Claude Sonnet 4.5",
    "claude-haiku-4-5": "Claude Haiku 4.5",
}
#: Meter, usage types of the newer and the older models.
_CLAUDE_WORDS = {
    "uncached_input": ("input_tokens", "InputTokenCount"),
    "cache_read": ("cache_read_tokens", "CacheReadInputTokenCount"),
    "cache_write": ("cache_write_tokens", "CacheWriteInputTokenCount"),
    "cache_write_1h": ("cache_write_tokens_1h", "CacheWrite1hInputTokenCount"),
    "output": ("output_tokens", "OutputTokenCount"),
}


def _claude(region: str, area: str | None) -> Iterator[Product]:
    """Per million tokens, named by the service alone. Global prices are listed in every region."""
    for (model, geography), rates in PRICES.items():
        if model not in _CLAUDE or geography not in {area, "global"}:
            continue
        is_newer = model == "claude-opus-5"
        prices = {**rates, "cache_write_1h": str(2 * Decimal(rates["uncached_input"]))}
        for meter, rate in prices.items():
            newer, older = _CLAUDE_WORDS[meter]
            place = ("_global" if is_newer else "_Global") if geography == "global" else ""
            for tier, share in (("standard", Decimal(1)), ("batch", Decimal("0.5"))):
                words = f"{newer}{place}_{tier}" if is_newer else older + place + ("_Batch" if tier == "batch" else "")
                unit = _UNITS if is_newer else _PER_1M
                yield _marketplace(region, _CLAUDE[model], words, unit, Decimal(rate) * share)


def _marketplace(region: str, name: str, words: str, unit: str, price: Decimal) -> Product:
    prefix = REGIONS[region]
    return Product(
        service=MARKETPLACE,
        region=region,
        usage_type=f"{prefix}-MP:{prefix}_{words}-Units",
        unit=unit,
        ranges=(("0", price),),
        attributes={"servicename": f"{name} (Amazon Bedrock Edition)"},
    )


def _other_products(region: str) -> Iterator[Product]:
    """What is no pay-as-you-go price of tokens, as usage shows them."""
    prefix = REGIONS[region]
    nova = {"provider": "Amazon", "model": "Nova Pro", "inferenceType": "Input tokens"}
    for usage_type, unit, price, attributes in (
        ("NovaPro-input-tokens-latency-optimized", _PER_1K, "0.001", nova),
        ("NovaPro-input-tokens-custom-model", _PER_1K, "0.0008", nova),
        ("NovaPro-ProvisionedThroughput-1MonthCommit-ModelUnits", "hour", "108.15", {"model": "Nova Pro"}),
        ("NovaCanvas-T2I-1024-Standard", "image", "0.04", {"model": "Nova Canvas"}),
        ("NovaReel-T2V-1280-720", "second", "0.08", {"model": "Nova Reel"}),
        ("Guardrail-ContentPolicyUnitsConsumed", "TextUnit", "0.00015", {}),
    ):
        yield Product(
            service=BEDROCK,
            region=region,
            usage_type=f"{prefix}-{usage_type}",
            unit=unit,
            ranges=(("0", Decimal(price)),),
            attributes=attributes,
        )
    for words, unit, price in (
        ("ProvisionedThroughput_1MonthCommit_ModelUnits_Usage", "hour", "158.40"),
        ("Reserved_1Month_InputTPM_Geo", "1K TPM Hour", "0.198"),
    ):
        yield _marketplace(region, "Claude 3.7 Sonnet", words, unit, Decimal(price))


def _further_models(region: str) -> Iterator[Product]:
    """Models that the simulated accounts do not use: volume ranges, long context, a unit that its service rarely has,
    regions that differ, a name that two models share.
    """
    prefix = REGIONS[region]

    def bedrock(words: str, model: str, unit: str, *ranges: tuple[str, str]) -> Product:
        return Product(
            service=BEDROCK,
            region=region,
            usage_type=f"{prefix}-{words}",
            unit=unit,
            ranges=tuple((begin, Decimal(price)) for begin, price in ranges),
            attributes={"model": model},
        )

    # From a thousand million tokens of the month on.
    yield bedrock("Llama3-1-8B-input-tokens", "Llama 3.1 8B", _PER_1K, ("0", "0.00022"), ("1000000", "0.0002"))
    yield bedrock("Llama3-1-8B-output-tokens", "Llama 3.1 8B", _PER_1K, ("0", "0.00022"))
    yield bedrock("xai.grok-4.3-mantle-input-tokens-standard", "xai.grok-4.3", _PER_1M, ("0", "1.25"))
    yield bedrock("MistralLarge-input-tokens", "Mistral Large", _PER_1K, ("0", "0.004"))
    dearer = "0.00004" if region == "us-west-2" else "0.000035"
    yield bedrock("NovaMicro-input-tokens", "Nova Micro", _PER_1K, ("0", dearer))
    for words, price in (
        ("input_tokens_standard", "11"),
        ("output_tokens_standard", "55"),
        ("input_tokens_long_ctx_standard", "22"),
        ("output_tokens_long_ctx_standard", "82.5"),
    ):
        yield _marketplace(region, "OpenAI GPT-6 Astra", words, _PER_1M, Decimal(price))
