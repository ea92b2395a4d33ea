"""Cognitive Services accounts and their deployments, as Resource Manager lists them, and what their SKUs mean."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from genai_finops.providers.azure_arm import entries, region_id
from genai_finops.providers.base import Page, ProviderResource, ResourceState
from genai_finops.providers.records import Record

ACCOUNTS = "accounts"
DEPLOYMENTS = "deployments"
DEPLOYMENT = "Deployment"
ACCOUNT_TYPE = "Cognitive Services account"
#: Key of Page.request: when the deployments were listed.
LISTED_AT = "listed_at"

#: Kinds of Cognitive Services accounts that have model deployments.
_KINDS = frozenset({"openai", "aiservices"})
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Models that only embed: their input is never read from a cache.
_EMBEDDING = re.compile(r"embed")
#: Azure's member regions of the data zones, by the zone's geography.
_DATA_ZONES = {
    "data_zone_us": frozenset(
        {
            "eastus",
            "eastus2",
            "westus",
            "westus2",
            "westus3",
            "centralus",
            "northcentralus",
            "southcentralus",
            "westcentralus",
        }
    ),
    "data_zone_eu": frozenset(
        {
            "francecentral",
            "francesouth",
            "germanynorth",
            "germanywestcentral",
            "italynorth",
            "northeurope",
            "polandcentral",
            "spaincentral",
            "swedencentral",
            "swedensouth",
            "westeurope",
        }
    ),
}
#: No rate has this geography: usage whose geography is not known is then unpriced, instead of priced as global.
UNKNOWN_GEOGRAPHY = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitiveAccount:
    """One account. `id` and `resource_group` in lower case, `path` as the list spells the id."""

    id: str
    path: str
    name: str
    kind: str
    region: str
    resource_group: str

    @property
    def has_deployments(self) -> bool:
        """Whether accounts of its kind have deployments of models."""
        return self.kind.lower() in _KINDS


@dataclass(frozen=True, slots=True)
class SkuTerms:
    """How traffic of a SKU is billed."""

    #: False: by provisioned capacity, which is not read here.
    is_payg: bool
    service_tier: str
    geography: str


@lru_cache(maxsize=1024)
def sku_terms(sku_name: str | None, region: str) -> SkuTerms | None:
    """What a SKU's name says; None for one that is not documented."""
    name = (sku_name or "").lower()
    for prefix, geography in (("global", "global"), ("datazone", _data_zone(region)), ("", "regional")):
        if name.startswith(prefix):
            match name.removeprefix(prefix):
                case "standard":
                    return SkuTerms(True, "standard", geography)
                case "batch":
                    return SkuTerms(True, "batch", geography)
                case "provisionedmanaged":
                    return SkuTerms(False, "committed", geography)
    # Where it is processed is not documented.
    return SkuTerms(True, "standard", UNKNOWN_GEOGRAPHY) if name == "developertier" else None


def _data_zone(region: str) -> str:
    return next((zone for zone, regions in _DATA_ZONES.items() if region in regions), UNKNOWN_GEOGRAPHY)


def model_id(name: str, version: str | None) -> str:
    """`<name>-<version>` where the version is a date, else the name."""
    return f"{name}-{version}" if version and _DATE.fullmatch(version) else name


def with_version(model: str, version: str | None) -> str:
    """The model's id with the version that usage names: deployments are upgraded in place."""
    return model_id(_DATED.sub("", model), version) if version else model


def embeds(model: str | None) -> bool:
    """Whether a model does nothing but embed."""
    return bool(model and _EMBEDDING.search(model.lower()))


def is_claude(model: str | None) -> bool:
    """Whether a model is Anthropic's, whose input is reported without what the cache took part in."""
    return bool(model and model.lower().startswith("claude-"))


def read_accounts(pages: Sequence[Page], *, provider: str) -> Iterator[CognitiveAccount]:
    """Every account of the lists among the pages, of whatever kind. Raises MalformedPageError."""
    for page in pages:
        if page.source == ACCOUNTS:
            for number, entry in enumerate(entries(page, f"{provider} {ACCOUNTS}")):
                yield _account(Record.of(entry, provider=provider, page=page, place=f"value[{number}]"))


def _account(record: Record) -> CognitiveAccount:
    path = _needed(record, "id")
    parts = path.lower().split("/")
    return CognitiveAccount(
        id=path.lower(),
        path=path,
        name=_needed(record, "name"),
        kind=_needed(record, "kind"),
        region=region_id(_needed(record, "location")),
        resource_group=parts[parts.index("resourcegroups") + 1] if "resourcegroups" in parts[:-1] else "",
    )


def read_deployments(pages: Sequence[Page], *, provider: str, regions: dict[str, str]) -> Iterator[ResourceState]:
    """The deployments of the lists among the pages, each as seen at the moment of its list.

    `regions`: region by account id. Raises MalformedPageError.
    """
    for page in pages:
        if page.source != DEPLOYMENTS:
            continue
        listed_at = dt.datetime.fromisoformat(page.request[LISTED_AT])
        for number, entry in enumerate(entries(page, f"{provider} {DEPLOYMENTS}")):
            record = Record.of(entry, provider=provider, page=page, place=f"value[{number}]")
            resource = _deployment(record, regions)
            yield ResourceState(resource=resource, first_observed_at=listed_at, last_observed_at=listed_at)


def spillover_sources(pages: Sequence[Page], *, provider: str) -> dict[str, list[str]]:
    """Ids of the deployments that spill over, by the id of the one in their account that takes their overflow."""
    sources: dict[str, list[str]] = {}
    for page in pages:
        if page.source != DEPLOYMENTS:
            continue
        for number, entry in enumerate(entries(page, f"{provider} {DEPLOYMENTS}")):
            record = Record.of(entry, provider=provider, page=page, place=f"value[{number}]")
            taker = record.child("properties").content.get("spilloverDeploymentName")
            if isinstance(taker, str) and taker:
                identifier = _needed(record, "id").lower()
                account = identifier.rpartition("/deployments/")[0]
                sources.setdefault(f"{account}/deployments/{taker.lower()}", []).append(identifier)
    return sources


def _deployment(record: Record, regions: dict[str, str]) -> ProviderResource:
    identifier = _needed(record, "id").lower()
    model = record.child("properties").child("model")
    system = _optional(record, "systemData")
    sku = _optional(record, "sku")
    capacity = sku.content.get("capacity") if sku else None
    tags = _optional(record, "tags")
    version = model.content.get("version")
    return ProviderResource(
        resource_type=DEPLOYMENT,
        resource_id=identifier,
        # A child resource is named account/deployment in some answers.
        resource_name=_needed(record, "name").rpartition("/")[2],
        region_id=regions.get(identifier.rpartition("/deployments/")[0]),
        provider_model_id=model_id(_needed(model, "name"), version if isinstance(version, str) else None),
        sku_name=_needed(sku, "name") if sku else None,
        capacity=Decimal(capacity) if type(capacity) is int else None,
        tags={str(key): str(value) for key, value in tags.content.items()} if tags else {},
        created_at=_moment(system, "createdAt"),
        modified_at=_moment(system, "lastModifiedAt"),
    )


def _needed(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def _optional(record: Record, name: str) -> Record | None:
    return None if record.content.get(name) is None else record.child(name)


def _moment(record: Record | None, name: str) -> dt.datetime | None:
    value = None if record is None else record.content.get(name)
    if record is None or value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
