"""What a ModelId names: a foundation model, a cross-region profile, a profile of one's own, or bought throughput."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from genai_finops.providers.base import ProviderResource

PROFILE = "Inference profile"
GLOBAL_PREFIX = "global."

#: Where the prices of a cross-region profile hold, by its prefix; `regional` are the regions of the US.
_PROFILE_GEOGRAPHIES = {
    "global": "global",
    "us": "regional",
    "eu": "regional_eu",
    "apac": "regional_ap",
    "jp": "regional_ap",
    "au": "regional_ap",
    "in": "regional_ap",
    "us-gov": "regional_other",
    "ca": "regional_other",
}
#: The same of a region, by the beginning of its name; the first that fits decides.
_REGION_GEOGRAPHIES = {"us-gov-": "regional_other", "us-": "regional", "eu-": "regional_eu", "ap-": "regional_ap"}

#: Region, kind and name.
_ARN = re.compile(r"arn:[a-z0-9-]+:bedrock:([a-z0-9-]*):\d*:([a-z0-9-]+)/(.+)")
#: Id of an application inference profile: a word without the dot that parts maker and model.
_OPAQUE = re.compile(r"[A-Za-z0-9-]+")
_PROVISIONED = frozenset({"provisioned-model", "provisioned-model-v2", "provisioned-model-reservation"})
_NAMES_A_MODEL = frozenset({"foundation-model", "inference-profile"})

ReferenceKind = Literal["model", "profile", "provisioned", "other"]


@dataclass(frozen=True, slots=True)
class ModelReference:
    """`name` is the id that remains: of the model, of the profile, or the whole text."""

    kind: ReferenceKind
    name: str


def reference_of(model_id: str) -> ModelReference:
    """What a ModelId, as an id or as an ARN, refers to."""
    arn = _ARN.fullmatch(model_id)
    if arn is None:
        return ModelReference("profile" if _OPAQUE.fullmatch(model_id) else "model", model_id)
    _, kind, name = arn.groups()
    if kind in _NAMES_A_MODEL:
        return ModelReference("model", name)
    if kind == "application-inference-profile":
        return ModelReference("profile", name)
    if kind in _PROVISIONED:
        return ModelReference("provisioned", model_id)
    return ModelReference("other", model_id)


def model_behind(model_arns: Sequence[str]) -> str | None:
    """The foundation model of an application inference profile; None where its ARNs name none or several.

    A profile over a global one lists an ARN without a region beside the regional ones; its model carries the prefix of
    the global profile, because that decides the price.
    """
    matches = [_ARN.fullmatch(arn) for arn in model_arns]
    models = {match[3] for match in matches if match and match[2] in _NAMES_A_MODEL}
    if len(models) != 1 or not all(match and match[2] in _NAMES_A_MODEL for match in matches):
        return None
    model = models.pop()
    is_global = any(match and not match[1] for match in matches)
    return f"{GLOBAL_PREFIX}{model}" if is_global and not model.startswith(GLOBAL_PREFIX) else model


def geography_of(model_id: str, region: str) -> str:
    """Where the price of a model holds: by the prefix of a cross-region profile, else by the region that was called.

    `global`, `regional` (the US), `regional_eu`, `regional_ap`, or `regional_other`, which has prices of its own.
    """
    by_profile = _PROFILE_GEOGRAPHIES.get(model_id.partition(".")[0])
    if by_profile is not None:
        return by_profile
    return next((found for start, found in _REGION_GEOGRAPHIES.items() if region.startswith(start)), "regional_other")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    """The columns of usage that follow from a ModelId."""

    provider_model_id: str | None
    geography: str | None
    resource_id: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None


def name_model(model_id: str, region: str, profiles: Mapping[str, ProviderResource]) -> NamedModel | None:
    """The model of a ModelId that was called in a region, by the profiles known by id.

    None for provisioned throughput, which is a commitment.
    Nothing is guessed: what no list has named keeps its id as resource and no model.
    """
    reference = reference_of(model_id)
    if reference.kind == "provisioned":
        return None
    if reference.kind == "model":
        return NamedModel(provider_model_id=reference.name, geography=geography_of(reference.name, region))
    resource_id = reference.name.lower()
    profile = profiles.get(resource_id) if reference.kind == "profile" else None
    model = profile.provider_model_id if profile else None
    return NamedModel(
        provider_model_id=model,
        geography=geography_of(model, region) if model else None,
        resource_id=resource_id,
        resource_name=profile.resource_name if profile else reference.name,
        resource_type=PROFILE if reference.kind == "profile" else "Model resource",
    )
