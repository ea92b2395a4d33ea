"""Application inference profiles and their tags, as Bedrock's control plane lists them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from genai_finops.providers.base import Page, ProviderResource
from genai_finops.providers.bedrock_models import PROFILE, model_behind
from genai_finops.providers.bedrock_usage import PROVIDER
from genai_finops.providers.records import Record, UnknownFields

#: Names of the requests, as pages carry them.
PROFILES = "bedrock/ListInferenceProfiles"
TAGS = "bedrock/ListTagsForResource"

_LIST_FIELDS = frozenset({"inferenceProfileSummaries", "nextToken"})
_PROFILE_FIELDS = frozenset(
    {
        "inferenceProfileName",
        "inferenceProfileArn",
        "inferenceProfileId",
        "description",
        "models",
        "status",
        "type",
        "createdAt",
        "updatedAt",
    }
)


def listed_profiles(pages: Iterable[Page], unknown: UnknownFields) -> Iterator[tuple[ProviderResource, str]]:
    """Each application inference profile without its tags, and its ARN. Raises MalformedPageError."""
    for page in pages:
        if page.source != PROFILES:
            continue
        region = page.request["region"]
        body = Record.of(page.content, provider=PROVIDER, page=page, place=region)
        unknown.add(body, _LIST_FIELDS)
        for entry in body.children("inferenceProfileSummaries"):
            unknown.add(entry, _PROFILE_FIELDS)
            identifier, arn = _text(entry, "inferenceProfileId"), _text(entry, "inferenceProfileArn")
            profile = ProviderResource(
                resource_type=PROFILE,
                resource_id=identifier.lower(),
                resource_name=entry.text("inferenceProfileName") or identifier,
                region_id=region,
                provider_model_id=model_behind([_text(model, "modelArn") for model in entry.children("models")]),
                created_at=_moment(entry, "createdAt"),
                modified_at=_moment(entry, "updatedAt"),
            )
            yield profile, arn


def tags_by_arn(pages: Iterable[Page]) -> Mapping[str, Mapping[str, str]]:
    """The tags of each resource that was asked about. Raises MalformedPageError."""
    return {
        page.request["arn"]: {
            # Bedrock spells these in lower case, unlike most of AWS; an empty value is one.
            _text(tag, "key"): str(tag.required("value") or "")
            for tag in Record.of(page.content, provider=PROVIDER, page=page, place=page.request["arn"]).children("tags")
        }
        for page in pages
        if page.source == TAGS
    }


def _text(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def _moment(record: Record, name: str) -> dt.datetime | None:
    value = record.content.get(name)
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    if moment.utcoffset() is None:
        record.fail(f"field {name} is {value!r}, without a time zone")
    return moment.astimezone(dt.UTC)
