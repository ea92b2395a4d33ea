"""How the catalogue's words translate into ours: providers, service tiers, and what a meter counts."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

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


def _in_modality(modality: str) -> dict[str, Dimensions]:
    suffix = "" if modality == "text" else f"_{modality}"
    return {f"{meter}{suffix}": {**dimensions, "modality": modality} for meter, dimensions in _TEXT_METERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedProvider:
    """One provider of the catalogue that is imported.

    `meters` names what each of our meters counts, in the catalogue's dimensions. `tiers` maps a request context of the
    catalogue (`processing=batch`) to a service tier of ours; None is for a context that repeats the standard price.
    """

    catalogue_id: str
    provider: str
    developer: str
    meters: Mapping[str, Dimensions]
    tiers: Mapping[tuple[str, str], str | None]


PROVIDERS: tuple[MappedProvider, ...] = (
    MappedProvider(
        catalogue_id="openai",
        provider="openai",
        developer="OpenAI",
        meters={
            **_in_modality("text"),
            **_in_modality("audio"),
            **_in_modality("image"),
            "cache_write": {**_INPUT, "token_type": "cache_write", "modality": "text"},
            "character": {"family": "characters", "direction": "input"},
            "audio_second": {"family": "durations", "direction": "input", "modality": "audio"},
            **_TOOL_METERS,
        },
        # `fast` is the newer name of priority processing. Where both are given, the first one here decides.
        tiers={
            ("processing", "batch"): "batch",
            ("service_tier", "flex"): "flex",
            ("service_tier", "priority"): "priority",
            ("service_tier", "fast"): "priority",
            ("service_tier", "default"): None,
        },
    ),
    MappedProvider(
        catalogue_id="anthropic",
        provider="anthropic",
        developer="Anthropic",
        meters={
            **_in_modality("text"),
            "cache_write_5m": {**_INPUT, "token_type": "cache_write", "cache_ttl": "5m", "modality": "text"},
            "cache_write_1h": {**_INPUT, "token_type": "cache_write", "cache_ttl": "1h", "modality": "text"},
            "web_search": _TOOL_METERS["web_search"],
        },
        tiers={("processing", "batch"): "batch", ("speed", "fast"): "fast"},
    ),
)

#: Models whose input has a meter of its own instead of the token classes: (part of the model's id, meter).
SINGLE_METER_MODELS: tuple[tuple[str, str], ...] = (
    ("embedding", "embedding_input"),
    ("moderation", "moderation_input"),
)


def meters_of(provider: MappedProvider, model_id: str) -> Mapping[str, Dimensions]:
    """The meters that a model of this provider can be charged by."""
    for part, meter in SINGLE_METER_MODELS:
        if part in model_id:
            return {meter: {**_INPUT, "modality": "text"}}
    return provider.meters
