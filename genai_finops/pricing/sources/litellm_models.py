"""Which of our providers sells an entry of LiteLLM's price file, under which name, and where its prices hold.

The name of an entry says more than the model: `azure/eu/gpt-4o` has the geography, `bedrock/us-gov-west-1/...` the
region, `vertex_ai/meta/...` the publisher, `high/1024-x-1024/gpt-image-1` quality and size of an image.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genai_finops.pricing.model_names import GLOBAL, REGIONAL
from genai_finops.providers.bedrock_models import geography_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldModel:
    """`model_id` is spelled as the provider spells it; None for prices that no model decides."""

    provider: str
    model_id: str | None
    geography: str = GLOBAL
    variant: str | None = None
    #: The id without the place that it names, where ids of the provider can name one.
    unplaced_id: str | None = None
    #: The name has neither region nor profile, and the provider has prices by place.
    names_no_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsoldEntry:
    """An entry of a provider of ours that has no rates on purpose."""

    provider: str
    reason: str


_PROVIDERS = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "azure": "azure_openai",
    "azure_ai": "azure_openai",
    "azure_text": "azure_openai",
    "bedrock": "aws_bedrock",
    "bedrock_converse": "aws_bedrock",
    "bedrock_mantle": "aws_bedrock",
    "vertex_ai": "gcp_vertex",
}
_FAMILIES_OF_VERTEX = "vertex_ai-"
_OWN_PREFIX = re.compile(r"(openai|anthropic|gemini|azure|azure_ai|bedrock|bedrock_converse|bedrock_mantle|vertex_ai)/")

_COMMITMENT = re.compile(r"(^|/)\d+-month-commitment/")
_IMAGE_SIZE = re.compile(r"(^|/)(\d+|max)-x-(\d+|max)/")
#: Entries that are the fee of choosing a model, which is charged beside the price of the model that was chosen.
_ROUTERS = frozenset({"model-router", "model_router"})
#: A session of code interpreter is one in the smallest container, and the larger ones cost more, where these are sold.
_CONTAINER = "container"
_SMALLEST_CONTAINERS = {"openai": "1g"}

_AZURE_GEOGRAPHIES = {"global": GLOBAL, "global-standard": GLOBAL, "us": "data_zone_us", "eu": "data_zone_eu"}
_AWS_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_BEDROCK_PROFILE = re.compile(r"^(global|us|eu|apac|jp|au|in|ca|us-gov)\.")
#: Any region of the US: what a Bedrock id without a place is sold for.
_US_REGION = "us-east-1"
_NO_MODEL = "its name has a path that names no model of the provider"


def provider_of(litellm_provider: str) -> str | None:
    """Which of our providers sells what LiteLLM lists under this one; None for none."""
    if litellm_provider.startswith(_FAMILIES_OF_VERTEX):
        return "gcp_vertex"
    return _PROVIDERS.get(litellm_provider)


def sold_model(entry: str, provider: str, regions: Sequence[str] = ()) -> SoldModel | UnsoldEntry:
    """The model that an entry of a provider of ours prices. `regions` are those that it is only sold in."""
    prefix = _OWN_PREFIX.match(entry)
    path = entry[prefix.end() :] if prefix else entry
    if reason := _reason_against(path):
        return UnsoldEntry(provider=provider, reason=reason)
    if path == _CONTAINER:
        return SoldModel(provider=provider, model_id=None, variant=_SMALLEST_CONTAINERS.get(provider))
    if provider == "gcp_vertex":
        return _on_vertex(path, regions)
    on_provider = {"azure_openai": _on_azure, "aws_bedrock": _on_bedrock}.get(provider)
    if on_provider is not None:
        return on_provider(path)
    return (
        UnsoldEntry(provider=provider, reason=_NO_MODEL) if "/" in path else SoldModel(provider=provider, model_id=path)
    )


def _reason_against(path: str) -> str | None:
    """Why an entry of this name has no rates of usage; None where it has."""
    if _COMMITMENT.search(path):
        return "a price of bought throughput, not of usage"
    if _IMAGE_SIZE.search(path):
        return "a price by quality and size of an image, which no usage names so"
    if path.rpartition("/")[2] in _ROUTERS:
        return "a fee beside the price of the model that is routed to"
    return None


def _on_vertex(path: str, regions: Sequence[str]) -> SoldModel:
    is_global = not regions or GLOBAL in regions
    geography = GLOBAL if is_global else REGIONAL
    return SoldModel(provider="gcp_vertex", model_id=path.rpartition("/")[2], geography=geography)


def _on_azure(path: str) -> SoldModel | UnsoldEntry:
    place, _, name = path.rpartition("/")
    if not place:
        return SoldModel(provider="azure_openai", model_id=name)
    if place in ("us-gov", "apac"):
        return UnsoldEntry(provider="azure_openai", reason=f"{place} is no geography that usage is reported by")
    if place not in _AZURE_GEOGRAPHIES:
        return UnsoldEntry(provider="azure_openai", reason=_NO_MODEL)
    return SoldModel(provider="azure_openai", model_id=name, geography=_AZURE_GEOGRAPHIES[place])


def _on_bedrock(path: str) -> SoldModel | UnsoldEntry:
    place, _, name = path.rpartition("/")
    if place and place != "invoke" and not _AWS_REGION.fullmatch(place):
        return UnsoldEntry(provider="aws_bedrock", reason=_NO_MODEL)
    region = place if _AWS_REGION.fullmatch(place) else ""
    return SoldModel(
        provider="aws_bedrock",
        model_id=name,
        geography=geography_of(name, region or _US_REGION),
        unplaced_id=_BEDROCK_PROFILE.sub("", name),
        names_no_place=not region and _BEDROCK_PROFILE.match(name) is None,
    )
