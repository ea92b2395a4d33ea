"""The grammar of the cost keys in LiteLLM's price file: what a key is the price of.

A token key is `<direction>_cost_per_<kind of token>` or `cache_<read|creation>_input_<modality>token_cost`, followed by
suffixes that combine irregularly: `_above_1hr` (lifetime of a cache), `_above_<N>k_tokens` (long prompts) and a tier:
`cache_creation_input_token_cost_above_1hr_above_200k_tokens`, `input_cost_per_token_above_272k_tokens_batches`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class CostKey:
    """A key that is a price of one of our meters.

    The meter is that of a model that tells lifetimes of cache writes apart and takes no other input than its prompt;
    which of its prices a model is charged by depends on the model.
    """

    meter: str
    service_tier: str = "standard"
    #: The price is for prompts longer than this many tokens.
    context_tokens_above: int = 0
    #: Consumed units of the meter that the price is for.
    per: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorKey:
    """A key that is a factor on the token prices of its entry: of the tier or the geography that is given."""

    service_tier: str | None = None
    geography: str | None = None


@dataclass(frozen=True, slots=True)
class UnmappedKey:
    """A key that is known and has no rate on purpose."""

    reason: str


#: Keys whose value is a table of numbers by name: factors, and prices by variant.
FACTORS_BY_NAME = "provider_specific_entry"
PRICES_BY_VARIANT = "search_context_cost_per_query"
TABLES = frozenset({FACTORS_BY_NAME, PRICES_BY_VARIANT})

_TOKEN_KEYS = {
    "input_cost_per_token": "uncached_input",
    "input_cost_per_audio_token": "uncached_input_audio",
    "input_cost_per_image_token": "uncached_input_image",
    "input_cost_per_video_token": "uncached_input_video",
    "output_cost_per_token": "output",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
    "output_cost_per_video_token": "output_video",
    "output_cost_per_reasoning_token": "output_reasoning",
    "cache_read_input_token_cost": "cache_read",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "cache_read_input_image_token_cost": "cache_read_image",
    "cache_read_input_video_token_cost": "cache_read_video",
    "cache_creation_input_token_cost": "cache_write_5m",
}
_OTHER_KEYS = {
    "input_cost_per_character": CostKey(meter="character"),
    "input_cost_per_second": CostKey(meter="audio_second"),
    "input_cost_per_audio_per_second": CostKey(meter="audio_second"),
    "output_cost_per_image": CostKey(meter="image"),
    PRICES_BY_VARIANT: CostKey(meter="web_search"),
    "file_search_cost_per_1k_calls": CostKey(meter="file_search", per=1000),
    "code_interpreter_cost_per_session": CostKey(meter="container_session"),
}
_FACTOR_KEYS = {
    "regional_processing_uplift_multiplier_eu": FactorKey(geography="eu"),
    "regional_processing_uplift_multiplier_us": FactorKey(geography="us"),
    "regional_endpoint_uplift_multiplier": FactorKey(geography="regional"),
}
_NAMED_FACTORS = {"fast": FactorKey(service_tier="fast"), "us": FactorKey(geography="us")}

_TIERS = {"batches": "batch", "flex": "flex", "priority": "priority"}
_UNSOLD_TIERS = frozenset({"ultrafast", "decisions", "balanced"})
_SUFFIX = re.compile(
    rf"_above_(?P<lifetime>1hr)|_above_(?P<thousands>[1-9]\d*)k_tokens|_(?P<tier>{'|'.join([*_TIERS, *_UNSOLD_TIERS])})"
)
_BASE = re.compile("|".join(sorted((*_TOKEN_KEYS, *_OTHER_KEYS), key=len, reverse=True)))
#: A word of a key that states money; what has none of them says what a model can do.
_MONEY = re.compile("cost|price|pricing|multiplier|uplift|surcharge|free_requests|billing_unit")
#: Keys whose whole text the expression matches; the first that does gives the reason.
_UNMAPPED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(expression), reason)
    for expression, reason in (
        (r"cache_creation_input_(audio|image|video)_token_cost.*", "no meter counts cache writes by modality"),
        (r"(input|output)_cost_per_pixel", "no meter counts pixels"),
        (r"input_cost_per_(image|request|query|text_message)(_above_.*)?", "no meter counts it"),
        (r"(input|output)_cost_per_video_per_second(_above_.*)?", "no meter counts seconds of video"),
        (r"output_cost_per_(second|image|character)(_.+)?", "no meter counts it by this unit"),
        (r"cost_per_second", "no meter counts it by this unit"),
        (r"input_cost_per_token_cache_hit|explicit_cache_read_input_token_cost", "a name of its own for cached input"),
        (r"(ocr|annotation)_cost_per_(page|credit)(_batches)?", "no meter counts pages"),
        (r"google_maps_grounding_cost_per_query", "no meter counts grounding with maps"),
        (r"guardrail_cost_per_unit", "no meter counts units of guardrails"),
        (r"citation_cost_per_token|(input|output)_dbu_cost_per_token", "no provider of the platform charges it"),
        (r"computer_use_(input|output)_cost_per_1k_tokens", "no meter counts tokens of computer use apart"),
        (r"(vector_store|file_search)_cost_per_gb_per_day", "no meter counts gigabytes stored by day"),
        (r"web_search_billing_unit", "it names the unit of another key"),
        (
            r"search_free_requests",
            "the allowance is shared by a group of models, and one here is given to each model of an account",
        ),
        (r"tiered_pricing", "bands of token counts whose meaning the file does not state"),
        (r"off_peak_pricing", "the price depends on the time of day, and usage is counted by day"),
    )
)


def states_money(key: str) -> bool:
    """Whether a key of an entry is about money at all, known or not."""
    return key == FACTORS_BY_NAME or _MONEY.search(key) is not None


@lru_cache(maxsize=4096)
def read_key(key: str) -> CostKey | FactorKey | UnmappedKey | None:
    """What a key is the price of; None for one that the grammar does not know."""
    if key in _FACTOR_KEYS:
        return _FACTOR_KEYS[key]
    found = _BASE.match(key)
    read = _with_suffixes(found[0], key[found.end() :]) if found else None
    if read is not None:
        return read
    return next((UnmappedKey(reason) for known, reason in _UNMAPPED if known.fullmatch(key)), None)


def read_named_factor(name: str) -> FactorKey | None:
    """What a factor by name makes the prices of; None for one that is not known."""
    return _NAMED_FACTORS.get(name)


def _with_suffixes(base: str, text: str) -> CostKey | UnmappedKey | None:
    """None where a suffix is unknown, comes twice, or is none of this kind of key."""
    suffixes: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _SUFFIX.match(text, position)
        if found is None or found.lastgroup is None or found.lastgroup in suffixes:
            return None
        suffixes[found.lastgroup] = found[found.lastgroup]
        position = found.end()
    if base in _OTHER_KEYS:
        return _OTHER_KEYS[base] if not suffixes else _other_with(base, suffixes)
    meter = _TOKEN_KEYS[base]
    if "lifetime" in suffixes:
        if meter != "cache_write_5m":
            return None
        meter = "cache_write_1h"
    tier = suffixes.get("tier")
    if tier in _UNSOLD_TIERS:
        return UnmappedKey(f"{tier} is no service tier of the platform")
    return CostKey(
        meter=meter,
        service_tier=_TIERS[tier] if tier else "standard",
        context_tokens_above=1000 * int(suffixes.get("thousands", 0)),
    )


def _other_with(base: str, suffixes: dict[str, str]) -> UnmappedKey | None:
    if suffixes.keys() == {"thousands"}:
        return UnmappedKey(f"{base} is charged by the unit, and a band of prompt lengths is one of tokens")
    return None
