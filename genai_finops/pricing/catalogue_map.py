"""How the catalogue's words translate into ours: providers, lists, service tiers, and what a meter counts."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from genai_finops.pricing.model_names import Naming, bedrock_name, google_name, named_by

#: First day of a price that the catalogue gives without a start: before any provider here sold tokens by the unit.
EARLIEST = dt.date(2020, 1, 1)

SOURCE = "genai-prices"

Dimensions = Mapping[str, str]

_INPUT = {"family": "tokens", "direction": "input"}
_OUTPUT = {"family": "tokens", "direction": "output"}
_TEXT_METERS: dict[str, Dimensions] = {
    "uncached_input": _INPUT,
    "cache_read": {**_INPUT, "token_type": "cache_read"},
    "output": _OUTPUT,
}
_TOOL_METERS: dict[str, Dimensions] = {
    "web_search": {"family": "tool_calls", "tool_type": "web_search"},
    "file_search": {"family": "tool_calls", "tool_type": "storage_search"},
}
_CACHE_WRITE: dict[str, Dimensions] = {
    "cache_write": {**_INPUT, "token_type": "cache_write", "modality": "text"},
}
_CACHE_WRITES_BY_LIFETIME: dict[str, Dimensions] = {
    "cache_write_5m": {**_INPUT, "token_type": "cache_write", "cache_ttl": "5m", "modality": "text"},
    "cache_write_1h": {**_INPUT, "token_type": "cache_write", "cache_ttl": "1h", "modality": "text"},
}


def _in_modality(modality: str) -> dict[str, Dimensions]:
    suffix = "" if modality == "text" else f"_{modality}"
    return {f"{meter}{suffix}": {**dimensions, "modality": modality} for meter, dimensions in _TEXT_METERS.items()}


_OPENAI_METERS: dict[str, Dimensions] = {
    **_in_modality("text"),
    **_in_modality("audio"),
    **_in_modality("image"),
    **_CACHE_WRITE,
    "character": {"family": "characters", "direction": "input"},
    "audio_second": {"family": "durations", "direction": "input", "modality": "audio"},
    **_TOOL_METERS,
}
_CLAUDE_METERS: dict[str, Dimensions] = {
    **_in_modality("text"),
    **_CACHE_WRITES_BY_LIFETIME,
    "web_search": _TOOL_METERS["web_search"],
}
_GEMINI_METERS: dict[str, Dimensions] = {
    **_in_modality("text"),
    **_in_modality("audio"),
    **_in_modality("image"),
    **_in_modality("video"),
    "web_search": _TOOL_METERS["web_search"],
}
_BEDROCK_METERS: dict[str, Dimensions] = {**_in_modality("text"), **_in_modality("audio"), **_CACHE_WRITE}

_BATCH = ("processing", "batch")
_FLEX = ("service_tier", "flex")
_PRIORITY = ("service_tier", "priority")
#: The newer name of OpenAI's priority processing.
_PRIORITY_AS_FAST = ("service_tier", "fast")
_FAST = ("speed", "fast")
_DEFAULT = ("service_tier", "default")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """One list of the catalogue, and how a provider of ours sells what it holds.

    `naming` gives the canonical id, developer and geography of a model of the list. `meters` names what each of our
    meters counts, in the catalogue's dimensions; `developer_meters` replaces it for the models of a developer. `tiers`
    maps a request context of the catalogue (`processing=batch`) to a service tier of ours; None is for a context that
    repeats the standard price. Contexts in `unsold` are left out on purpose, and so are models whose id `excluded`
    finds. `embedding_meters` are the meters that the input of an embedding model may be counted by.
    """

    catalogue_id: str
    naming: Naming
    meters: Mapping[str, Dimensions]
    developer_meters: Mapping[str, Mapping[str, Dimensions]] = field(default_factory=dict)
    tiers: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    unsold: frozenset[tuple[str, str]] = frozenset()
    excluded: str | None = None
    embedding_meters: tuple[str, ...] = ("embedding_input",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedProvider:
    """One provider of ours.

    `own` is its list in the catalogue. `resold` are lists of first parties: their models keep the first party's id, and
    have its price where `own` has none.
    """

    provider: str
    own: PriceList
    resold: tuple[PriceList, ...] = ()


#: A metric of a cloud counts the tokens of every model alike, so that an embedding's input may come as either meter.
_EMBEDDING_METERS_OF_A_CLOUD = ("embedding_input", "uncached_input")
_GOOGLE_TIERS = {_BATCH: "batch", _FLEX: "flex", _PRIORITY: "priority"}

PROVIDERS: tuple[MappedProvider, ...] = (
    MappedProvider(
        provider="openai",
        own=PriceList(
            catalogue_id="openai",
            naming=named_by("OpenAI"),
            meters=_OPENAI_METERS,
            # Where both names of priority processing are given, the first one here decides.
            tiers={
                _BATCH: "batch",
                _FLEX: "flex",
                _PRIORITY: "priority",
                _PRIORITY_AS_FAST: "priority",
                _DEFAULT: None,
            },
        ),
    ),
    MappedProvider(
        provider="anthropic",
        own=PriceList(
            catalogue_id="anthropic",
            naming=named_by("Anthropic"),
            meters=_CLAUDE_METERS,
            tiers={_BATCH: "batch", _FAST: "fast"},
        ),
    ),
    MappedProvider(
        provider="gemini",
        # Claude and the open models under a -maas name are sold on Vertex AI alone.
        own=PriceList(
            catalogue_id="google",
            naming=google_name,
            meters=_GEMINI_METERS,
            tiers=_GOOGLE_TIERS,
            excluded=r"^claude-|-maas$",
        ),
    ),
    MappedProvider(
        provider="gcp_vertex",
        own=PriceList(
            catalogue_id="google",
            naming=google_name,
            meters=_GEMINI_METERS,
            developer_meters={"Anthropic": _CLAUDE_METERS},
            tiers=_GOOGLE_TIERS,
            embedding_meters=_EMBEDDING_METERS_OF_A_CLOUD,
        ),
        resold=(
            PriceList(
                catalogue_id="anthropic",
                naming=named_by("Anthropic"),
                meters=_CLAUDE_METERS,
                tiers={_BATCH: "batch"},
                unsold=frozenset({_FAST}),
            ),
        ),
    ),
    MappedProvider(
        provider="aws_bedrock",
        own=PriceList(
            catalogue_id="aws",
            naming=bedrock_name,
            meters=_BEDROCK_METERS,
            developer_meters={"Anthropic": _CLAUDE_METERS},
            embedding_meters=_EMBEDDING_METERS_OF_A_CLOUD,
        ),
    ),
    MappedProvider(
        provider="azure_openai",
        own=PriceList(
            catalogue_id="azure",
            naming=named_by("Microsoft"),
            meters=_OPENAI_METERS,
            tiers={_BATCH: "batch", _DEFAULT: None},
            embedding_meters=_EMBEDDING_METERS_OF_A_CLOUD,
        ),
        resold=(
            PriceList(
                catalogue_id="openai",
                naming=named_by("OpenAI"),
                meters=_OPENAI_METERS,
                tiers={_BATCH: "batch", _DEFAULT: None},
                # The token metrics do not say flex or priority; batch is a kind of deployment.
                unsold=frozenset({_FLEX, _PRIORITY, _PRIORITY_AS_FAST}),
                # A fine-tuned deployment is not named so, and has hosting hours beside its tokens.
                excluded="^ft:",
                embedding_meters=_EMBEDDING_METERS_OF_A_CLOUD,
            ),
            PriceList(
                catalogue_id="anthropic",
                naming=named_by("Anthropic"),
                meters=_CLAUDE_METERS,
                # No source says that Foundry sells Claude in batches, or fast at the first party's price.
                unsold=frozenset({_BATCH, _FAST}),
            ),
        ),
    ),
)

#: Models whose input has a meter of its own instead of the token classes: (part of the model's id, meter); None for the
#: embedding meters of the list.
SINGLE_METER_MODELS: tuple[tuple[str, str | None], ...] = (("embed", None), ("moderation", "moderation_input"))
#: Embedding models that also take other modalities, each at a price of its own.
MULTIMODAL_EMBEDDINGS = frozenset({"gemini-embedding-2"})


def meters_of(price_list: PriceList, developer: str, model_id: str) -> Mapping[str, Dimensions]:
    """The meters that a model of this list can be charged by."""
    text_input: Dimensions = {**_INPUT, "modality": "text"}
    for part, meter in SINGLE_METER_MODELS:
        if part in model_id:
            meters = dict.fromkeys([meter] if meter else price_list.embedding_meters, text_input)
            if model_id in MULTIMODAL_EMBEDDINGS:
                others = ("audio", "image", "video")
                meters |= {f"uncached_input_{modality}": {**_INPUT, "modality": modality} for modality in others}
            return meters
    return price_list.developer_meters.get(developer, price_list.meters)
