"""What the token counts of a provider's answer hold, so that each token becomes exactly one meter's.

| Style | Providers | input_tokens holds | output_tokens holds |
| --- | --- | --- | --- |
| inclusive | openai, azure_openai | all of the prompt: cached, written to a cache, audio, images | all of it |
| thoughts apart | gemini, gcp_vertex | all of the prompt but tool results: cached, audio, images | all but thoughts |
| exclusive | anthropic, Claude on any cloud | what was neither read from a cache nor written to one | all of it |
| exclusive | aws_bedrock | the same, for all models: its InputTokenCount leaves cached tokens out | all of it |

Source: the providers' usage objects (`input_tokens_details`, `usageMetadata`, `cache_read_input_tokens`, CloudWatch
metrics).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.pricing.catalogue_map import SINGLE_METER_MODELS
from genai_finops.pricing.requests import RequestError, checked_quantity, refuse_counted_twice
from genai_finops.schemas.meters import METERS

_OTHER_MODALITIES = ("audio", "image", "video")
_CACHE_WRITES = ("cache_write", "cache_write_5m", "cache_write_1h")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """The meters whose tokens are inside the provider's count of input, and of output."""

    inside_input: tuple[str, ...] = ()
    inside_output: tuple[str, ...] = ()


_CACHED = ("cache_read", *(f"cache_read_{modality}" for modality in _OTHER_MODALITIES))
_OTHER_INPUT = tuple(f"uncached_input_{modality}" for modality in _OTHER_MODALITIES)
_OTHER_OUTPUT = tuple(f"output_{modality}" for modality in _OTHER_MODALITIES)

INCLUSIVE = TokenCounts(
    inside_input=(*_CACHED, *_CACHE_WRITES, *_OTHER_INPUT), inside_output=("output_reasoning", *_OTHER_OUTPUT)
)
THOUGHTS_APART = TokenCounts(inside_input=(*_CACHED, *_OTHER_INPUT), inside_output=_OTHER_OUTPUT)
EXCLUSIVE = TokenCounts(inside_output=("output_reasoning",))

#: Providers that are not here count as the inclusive ones do.
_STYLES: Mapping[str, TokenCounts] = {
    "openai": INCLUSIVE,
    "azure_openai": INCLUSIVE,
    "gemini": THOUGHTS_APART,
    "gcp_vertex": THOUGHTS_APART,
    "anthropic": EXCLUSIVE,
    "aws_bedrock": EXCLUSIVE,
}


def token_counts(provider: str, model: str) -> TokenCounts:
    """How the provider counts the tokens of a model."""
    return EXCLUSIVE if "claude" in model.lower() else _STYLES.get(provider, INCLUSIVE)


def disjoint_meters(
    provider: str, model: str, *, input_tokens: object, output_tokens: object, others: Mapping[str, object]
) -> dict[str, Decimal]:
    """The quantities by meter, those of 0 left out, of what a provider's answer counts.

    `others` are disjoint meters: cache reads and writes, modalities, searches. Those that the provider's own counts
    hold are taken out of them, once. Raises RequestError for a count that is negative, no whole number, or smaller
    than what it holds.
    """
    counts = token_counts(provider, model)
    parts = {meter: checked_quantity(meter, quantity) for meter, quantity in others.items()}
    refuse_counted_twice(parts)
    input_meter = _input_meter(model)
    quantities = {
        input_meter: _rest("input_tokens", input_tokens, counts.inside_input, parts),
        "output": _rest("output_tokens", output_tokens, counts.inside_output, parts),
    }
    for meter in quantities.keys() & parts.keys():
        raise RequestError(
            f"{meter} {parts[meter]} is given beside the provider's own count",
            remedy="Give it as input_tokens or output_tokens only",
        )
    quantities |= parts
    charged = {meter: quantity for meter, quantity in quantities.items() if quantity}
    return charged or {input_meter: Decimal(0)}


def prompt_tokens(quantities: Mapping[str, Decimal]) -> int:
    """All tokens of the prompt, from a cache or not."""
    return int(sum(quantity for meter, quantity in quantities.items() if METERS[meter].token_direction == "Input"))


def _input_meter(model: str) -> str:
    for part, meter in SINGLE_METER_MODELS:
        if part in model.lower():
            return meter or "embedding_input"
    return "uncached_input"


def _rest(name: str, count: object, inside: tuple[str, ...], parts: Mapping[str, Decimal]) -> Decimal:
    """What remains of a count when the meters that it holds are taken out."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise RequestError(f"{name} is {count!r}, which is no int", remedy=f"Give {name} as the provider counts it")
    if count < 0:
        raise RequestError(f"{name} is {count}", remedy="Give a count of 0 or more")
    held = {meter: parts[meter] for meter in inside if parts.get(meter)}
    rest = count - sum(held.values(), Decimal(0))
    if rest < 0:
        named = ", ".join(f"{meter} {quantity}" for meter, quantity in held.items())
        raise RequestError(
            f"{name} is {count}, which is less than the {named} in it",
            remedy=f"Give {name} as this provider counts it, with all of these tokens in it",
        )
    return checked_quantity("output" if name == "output_tokens" else "uncached_input", rest)
