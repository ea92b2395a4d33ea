"""Application inference profiles and their tags, as Bedrock's control plane lists them."""

from collections.abc import Iterable, Iterator, Mapping

from genai_finops.providers.base import Page, ProviderResource
from genai_finops.providers.bedrock_fields import moment_of, text_of
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
            identifier, arn = text_of(entry, "inferenceProfileId"), text_of(entry, "inferenceProfileArn")
            profile = ProviderResource(
                resource_type=PROFILE,
                resource_id=identifier.lower(),
                resource_name=entry.text("inferenceProfileName") or identifier,
                region_id=region,
                provider_model_id=model_behind([text_of(model, "modelArn") for model in entry.children("models")]),
                created_at=moment_of(entry, "createdAt"),
                modified_at=moment_of(entry, "updatedAt"),
            )
            yield profile, arn


def tags_by_arn(pages: Iterable[Page]) -> Mapping[str, Mapping[str, str]]:
    """The tags of each resource that was asked about. Raises MalformedPageError."""
    return {
        page.request["arn"]: {
            # Bedrock spells these in lower case, unlike most of AWS; an empty value is one.
            text_of(tag, "key"): str(tag.required("value") or "")
            for tag in Record.of(page.content, provider=PROVIDER, page=page, place=page.request["arn"]).children("tags")
        }
        for page in pages
        if page.source == TAGS
    }
