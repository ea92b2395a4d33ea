"""Provisioned throughput as Bedrock lists it: models with their units, and the commitments they were bought with."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.providers.base import Page, ProviderResource
from genai_finops.providers.bedrock_fields import moment_of, text_of
from genai_finops.providers.bedrock_models import reference_of
from genai_finops.providers.bedrock_usage import PROVIDER
from genai_finops.providers.commitments import CapacityCommitment
from genai_finops.providers.records import Record, UnknownFields

PROVISIONED = "Provisioned model"
#: Name of the request, as pages carry it.
MODELS = "bedrock/ListProvisionedModelThroughputs"

_LIST_FIELDS = frozenset({"provisionedModelSummaries", "nextToken"})
_MODEL_FIELDS = frozenset(
    {
        "provisionedModelName",
        "provisionedModelArn",
        "modelArn",
        "desiredModelArn",
        "foundationModelArn",
        "modelUnits",
        "desiredModelUnits",
        "status",
        "commitmentDuration",
        "commitmentExpirationTime",
        "creationTime",
        "lastModifiedTime",
    }
)
#: Whether units are billed. Failed ones serve nothing; that they cost nothing is nowhere written, but likely.
_IS_BILLED = {"Creating": False, "InService": True, "Updating": True, "Failed": False}
_TERMS = {"OneMonth": "P1M", "SixMonths": "P6M"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """One provisioned model, its commitment where it was bought with one, and the page that shows them."""

    resource: ProviderResource
    commitment: CapacityCommitment | None
    #: In the provider's words.
    status: str
    page: Page


def listed_models(pages: Iterable[Page], unknown: UnknownFields) -> Iterator[ListedModel]:
    """Every provisioned model of the lists among the pages.

    One that is being created, or that failed, has a capacity of 0. Raises MalformedPageError, also for a status or a
    duration without a known meaning.
    """
    for page in pages:
        if page.source != MODELS:
            continue
        region = page.request["region"]
        body = Record.of(page.content, provider=PROVIDER, page=page, place=region)
        unknown.add(body, _LIST_FIELDS)
        for entry in body.children("provisionedModelSummaries"):
            unknown.add(entry, _MODEL_FIELDS)
            resource = _model(entry, region)
            yield ListedModel(
                resource=resource,
                commitment=_commitment(entry, resource) if resource.capacity else None,
                status=text_of(entry, "status"),
                page=page,
            )


def _model(entry: Record, region: str) -> ProviderResource:
    arn = text_of(entry, "provisionedModelArn")
    if reference_of(arn).kind != "provisioned":
        entry.fail(f"field provisionedModelArn is {arn!r}, which usage would not be known by")
    status = text_of(entry, "status")
    if status not in _IS_BILLED:
        entry.fail(f"field status is {status!r}; whether it is billed is not known, one of {', '.join(_IS_BILLED)} is")
    units = entry.count("modelUnits")
    model = reference_of(text_of(entry, "modelArn"))
    return ProviderResource(
        resource_type=PROVISIONED,
        resource_id=arn.lower(),
        resource_name=text_of(entry, "provisionedModelName"),
        region_id=region,
        # A custom model keeps its ARN: its price may differ from that of the model it was made of.
        provider_model_id=model.name,
        sku_name=entry.text("commitmentDuration") if "commitmentDuration" in entry.content else None,
        capacity=Decimal(units if _IS_BILLED[status] else 0),
        created_at=_required_moment(entry, "creationTime"),
        modified_at=_required_moment(entry, "lastModifiedTime"),
    )


def _commitment(entry: Record, resource: ProviderResource) -> CapacityCommitment | None:
    duration = resource.sku_name
    if duration is None:
        return None
    if duration not in _TERMS:
        entry.fail(f"field commitmentDuration is {duration!r}, not one of {', '.join(_TERMS)}")
    starts_at, ends_at = (_required_moment(entry, name) for name in ("creationTime", "commitmentExpirationTime"))
    if ends_at <= starts_at:
        entry.fail(f"field commitmentExpirationTime is {ends_at.isoformat()}, not after creationTime")
    return CapacityCommitment(
        commitment_id=resource.resource_id,
        contract_id=resource.resource_id,
        commitment_type="Provisioned Throughput Commitment",
        meter="model_unit_hour",
        quantity=resource.capacity or Decimal(0),
        term=_TERMS[duration],
        starts_at=starts_at,
        ends_at=ends_at,
        payment="hourly",
        name=resource.resource_name,
        applies_to="resource",
        covered_resource_id=resource.resource_id,
        provider_model_id=resource.provider_model_id,
        region_id=resource.region_id,
    )


def _required_moment(entry: Record, name: str) -> dt.datetime:
    moment = moment_of(entry, name)
    if moment is None:
        entry.fail(f"field {name} is missing")
    return moment
