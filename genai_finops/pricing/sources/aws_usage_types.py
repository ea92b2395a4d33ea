"""The grammar of Bedrock's usage types in the AWS Price List, in its three spellings.

    USE1-NovaPro-cache-read-input-token-count-flex          AmazonBedrock, the model's name shortened
    USE1-openai.gpt-oss-120b-mantle-input-tokens-standard   AmazonBedrock, the model's id
    USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units   AmazonBedrockFoundationModels, without the model
    USE1-MP:USE1_input_tokens_long_ctx_global_batch-Units   the same, newer

Seen in the price list of 2026 by grafana/cloudcost-exporter and other public readers of it. What fits none of them has
no price here: nothing is guessed from words that a usage type happens to hold.
"""

import re
from dataclasses import dataclass
from typing import Literal

TokenClass = Literal["uncached_input", "cache_read", "cache_write", "output"]


class NoTokenPriceError(Exception):
    """The product is no pay-as-you-go price of tokens. The text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageType:
    """What a usage type says."""

    #: The model's id or shortened name; None where the usage type does not name it.
    model: str | None
    token_class: TokenClass
    modality: Literal["text", "image", "audio", "video"] = "text"
    #: How long a written cache entry lives, `5m`, `30m` or `1h`; None where it is not said.
    cache_lifetime: str | None = None
    service_tier: Literal["standard", "batch", "flex", "priority"] = "standard"
    is_global: bool = False
    #: Whether the price is for prompts beyond the model's threshold of long context.
    is_long: bool = False

    @property
    def is_marketplace(self) -> bool:
        """Whether it is a model of the AWS Marketplace, whose unit of price is called `Units`."""
        return self.model is None


_REGION = r"[A-Z]{2,4}\d{0,2}"
#: What is counted, in lower case with dashes between the words; the older Marketplace spelling has none.
_COUNTED = (
    r"(?:million-?(?P<batch>batch)?-?)?"
    r"(?:(?P<cached>cached)-|cache-?(?P<cache>read|write)-?(?:(?P<lifetime>\d+[mh])-?)?)?"
    r"(?:(?P<modality>text|speech|image|audio|video)-)?"
    r"(?P<direction>input|output|response)?-?"
    r"(?:(?P<modality_between>image|audio|video)-)?"
    r"token(?:s|-?count)"
    r"(?:-(?P<lifetime_after>\d+[mh]))?"
)
_QUALIFIER = "cross-region-(?:global|geo)|global|geo|long-?context|long-ctx|lctx|standard|batch|flex|priority"
_QUALIFIERS = rf"(?P<qualifiers>(?:-(?:{_QUALIFIER}))*)"
_MARKETPLACE = re.compile(rf"(?:{_REGION}-MP:)?{_REGION}_(?P<counted>[A-Za-z0-9_]+)-Units")
_MARKETPLACE_COUNTED = re.compile(_COUNTED + _QUALIFIERS)
_NAMED = re.compile(
    rf"{_REGION}-(?P<model>[A-Za-z0-9][A-Za-z0-9.:-]*?)(?:-mantle)?-(?i:{_COUNTED})(?i:{_QUALIFIERS})",
)

_LATENCY = re.compile(r"latency[ _-]?optimi[sz]ed", re.IGNORECASE)
_COMMITMENT = re.compile(r"provisioned[ _-]?throughput|reserved|model[_-]?units?|tpm|tokens-per-minute", re.IGNORECASE)
_CUSTOMISED = re.compile(r"custom|model[_-]?storage|fine-?tun", re.IGNORECASE)
#: No model's id holds one of these: where one is left in it, a word before the count was not understood.
_NO_WORDS_OF_A_NAME = frozenset({"batch", "cache", "cached", "flex", "global", "input", "mantle", "output", "tokens"})

_TIERS: dict[str, Literal["standard", "batch", "flex", "priority"]] = {
    "standard": "standard",
    "batch": "batch",
    "flex": "flex",
    "priority": "priority",
}
_GLOBAL = frozenset({"global", "cross-region-global"})
#: A geographic cross-region profile (us., eu.) costs what its regions do; it has no geography of its own.
_OF_THE_REGION = frozenset({"geo", "cross-region-geo"})
_MODALITIES: dict[str, Literal["text", "image", "audio", "video"]] = {
    "text": "text",
    "speech": "audio",
    "image": "image",
    "audio": "audio",
    "video": "video",
}


def refuse_other_products(text: str) -> None:
    """Raise NoTokenPriceError where a usage type or a model's name is of a product with rates of its own."""
    if _LATENCY.search(text):
        raise NoTokenPriceError("latency-optimized inference is a product of its own, which usage does not tell apart")
    if _COMMITMENT.search(text):
        raise NoTokenPriceError("a commitment: its tokens have no pay-as-you-go price")
    if _CUSTOMISED.search(text):
        raise NoTokenPriceError("customised models have rates of their own, which usage does not tell apart")


def read_usage_type(text: str) -> UsageType:
    """What a usage type says. Raises NoTokenPriceError with the reason where it is no price of tokens."""
    refuse_other_products(text)
    unknown = NoTokenPriceError("the usage type is in no grammar that is known here")
    model: str | None = None
    if marketplace := _MARKETPLACE.fullmatch(text):
        found = _MARKETPLACE_COUNTED.fullmatch(marketplace["counted"].lower().replace("_", "-"))
    else:
        found = _NAMED.fullmatch(text)
        model = found["model"] if found else None
    if found is None or (model is not None and not _is_a_name(model)):
        raise unknown
    parts = {name: value.lower() for name, value in found.groupdict().items() if value and name != "model"}
    token_class = _token_class(parts)
    modalities = {parts[name] for name in ("modality", "modality_between") if name in parts}
    lifetimes = {parts[name] for name in ("lifetime", "lifetime_after") if name in parts}
    qualifiers = re.findall(_QUALIFIER, parts.get("qualifiers", ""))
    tiers = [_TIERS[word] for word in (*qualifiers, parts.get("batch", "")) if word in _TIERS]
    is_global = not _GLOBAL.isdisjoint(qualifiers)
    if token_class is None or max(len(modalities), len(lifetimes), len(tiers)) > 1:
        raise unknown
    if (lifetimes and token_class != "cache_write") or (is_global and not _OF_THE_REGION.isdisjoint(qualifiers)):
        raise unknown
    return UsageType(
        model=model,
        token_class=token_class,
        modality=_MODALITIES[modalities.pop()] if modalities else "text",
        cache_lifetime=lifetimes.pop() if lifetimes else None,
        service_tier=tiers[0] if tiers else "standard",
        is_global=is_global,
        is_long=any(word.startswith(("long", "lctx")) for word in qualifiers),
    )


def _is_a_name(model: str) -> bool:
    return _NO_WORDS_OF_A_NAME.isdisjoint(re.split(r"[-.:]", model.lower()))


def _token_class(parts: dict[str, str]) -> TokenClass | None:
    direction = parts.get("direction")
    if "cached" in parts or "cache" in parts:
        if direction not in {None, "input"}:
            return None
        return "cache_write" if parts.get("cache") == "write" else "cache_read"
    if direction is None:
        return None
    return "uncached_input" if direction == "input" else "output"
