"""Canonical ids of models: the first party's id where there is one, so that a model compares across providers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

#: Geography of a price that is for no place in particular, and of one that keeps requests in some regions.
GLOBAL = "global"
REGIONAL = "regional"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """What an id of the catalogue says. `first_party` is the list that has the canonical id; None for none."""

    model_id: str
    developer: str
    geography: str = GLOBAL
    first_party: str | None = None


Naming = Callable[[str], ModelName]


@dataclass(frozen=True, slots=True)
class BedrockId:
    """A model id of Bedrock in parts: `global.anthropic.claude-opus-4-5-v1:0` has the name `claude-opus-4-5`."""

    geography: str
    vendor: str
    name: str
    #: Part of the version that is neither `-v1` nor `:0`, as the `-1` of `gpt-oss-120b-1:0`.
    revision: str


_BEDROCK_ID = re.compile(
    r"(?:(?P<geography>global|regional)\.)?(?P<vendor>[a-z0-9]+)\.(?P<name>.+?)(?:-v\d+(?::\d+)?|(?P<revision>-\d+):\d+|:\d+)?"
)
#: Where the version is part of the model's name, because another version is another model.
_BEDROCK_NAMES_WITH_VERSION = re.compile(r"(titan-embed-text-v\d+|nemotron-nano-9b-v2)(?::\d+)?")
_BEDROCK_VENDORS = {
    "amazon": "Amazon",
    "anthropic": "Anthropic",
    "deepseek": "DeepSeek",
    "google": "Google",
    "meta": "Meta",
    "mistral": "Mistral AI",
    "moonshotai": "Moonshot AI",
    "nvidia": "NVIDIA",
    "openai": "OpenAI",
    "qwen": "Alibaba Cloud",
    "writer": "Writer",
    "zai": "Z.ai",
}
_BEDROCK_FIRST_PARTIES = {"anthropic", "openai"}
#: The vendor's own name of a model that Bedrock calls otherwise.
_BEDROCK_RENAMED = {"deepseek.r1": "deepseek-r1"}


def named_by(developer: str) -> Naming:
    """The naming of a developer's own list: its ids are the canonical ones."""
    return lambda catalogue_id: ModelName(model_id=catalogue_id, developer=developer)


def google_name(catalogue_id: str) -> ModelName:
    """Of Google's list, which also has Claude as Vertex AI sells it."""
    if catalogue_id.startswith("claude-"):
        return ModelName(model_id=catalogue_id, developer="Anthropic", first_party="anthropic")
    # The list has two spellings of this generation; the vendor's is the one that usage comes with.
    renamed = {"gemini-flash-1.5-8b": "gemini-1.5-flash-8b"}
    return ModelName(model_id=renamed.get(catalogue_id, catalogue_id), developer="Google")


def bedrock_id(catalogue_id: str) -> BedrockId:
    """The parts of an id of the catalogue's list for Bedrock, where `regional` is the default geography.

    Raises ValueError when it is not `vendor.name`.
    """
    found = _BEDROCK_ID.fullmatch(catalogue_id)
    if found is None:
        raise ValueError(f"{catalogue_id!r} is no model id of Bedrock: expected [global.]vendor.name[-v1:0]")
    name = found["name"]
    kept = _BEDROCK_NAMES_WITH_VERSION.search(catalogue_id)
    return BedrockId(
        geography=found["geography"] or REGIONAL,
        vendor=found["vendor"],
        name=kept[1] if kept else name,
        revision=found["revision"] or "",
    )


def bedrock_name(catalogue_id: str) -> ModelName:
    """Of Bedrock's list: Anthropic's and OpenAI's models have the first party's id, others the vendor's name."""
    parts = bedrock_id(catalogue_id)
    return ModelName(
        model_id=_BEDROCK_RENAMED.get(f"{parts.vendor}.{parts.name}", parts.name),
        developer=_BEDROCK_VENDORS.get(parts.vendor, parts.vendor),
        geography=parts.geography,
        first_party=parts.vendor if parts.vendor in _BEDROCK_FIRST_PARTIES else None,
    )
