"""Bedrock's control plane: inference profiles and their tags, and provisioned models."""

import datetime as dt
import json
from typing import Any

from genai_finops.simulator.aws_bedrock.cloudwatch import next_token, position_of
from genai_finops.simulator.aws_bedrock.provisioned import ProvisionedModel, provisioned_of
from genai_finops.simulator.aws_bedrock.traffic import Profile, profiles_of
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_DEFAULT_RESULTS, _MAX_RESULTS = 100, 1000
_TYPES = {"APPLICATION", "SYSTEM_DEFINED"}
#: Fewer than are asked for, so that there is always paging.
_LISTED_MODELS = 2
#: Operations by their path.
OPERATIONS = {
    "/inference-profiles": "ListInferenceProfiles",
    "/listTagsForResource": "ListTagsForResource",
    "/provisioned-model-throughputs": "ListProvisionedModelThroughputs",
}


def answer_bedrock(request: WireRequest, path: str, region: str, account: Account, ledger: Ledger) -> dict[str, Any]:
    """The answer of an operation. Raises Refusal."""
    own = [
        profile
        for profile in profiles_of(account.scenario, account.org).values()
        if profile.region == region and (profile.deleted_at is None or ledger.now < profile.deleted_at)
    ]
    if (request.method, path) == ("GET", "/inference-profiles"):
        return _inference_profiles(request, own)
    if (request.method, path) == ("GET", "/provisioned-model-throughputs"):
        return _provisioned_models(request, region, account, ledger.now)
    if (request.method, path) == ("POST", "/listTagsForResource"):
        return _tags(request, own)
    raise Refusal(404, "UnknownOperationException", f"Unknown operation {request.method} {path}")


def _inference_profiles(request: WireRequest, own: list[Profile]) -> dict[str, Any]:
    asked, limit = _asked(request, {"type"})
    kind = asked.get("type", "SYSTEM_DEFINED")
    if kind not in _TYPES:
        raise _invalid(f"type must be one of {', '.join(sorted(_TYPES))}")
    shown = own if kind == "APPLICATION" else []
    return _page(request, "inferenceProfileSummaries", [_summary(profile) for profile in shown], limit)


def _provisioned_models(request: WireRequest, region: str, account: Account, now: dt.datetime) -> dict[str, Any]:
    _, limit = _asked(request, {"sortBy", "sortOrder"})
    own = [
        model
        for model in provisioned_of(account.scenario, account.org).values()
        if model.region == region and model.created_at <= now and (model.deleted_at is None or now < model.deleted_at)
    ]
    own.sort(key=lambda model: (model.created_at, model.id), reverse=True)
    shown = [_model_summary(model, now) for model in own]
    return _page(request, "provisionedModelSummaries", shown, min(limit, _LISTED_MODELS))


def _model_summary(model: ProvisionedModel, now: dt.datetime) -> dict[str, Any]:
    is_in_service = model.in_service_at <= now
    arn = f"arn:aws:bedrock:{model.region}::foundation-model/{model.model}"
    # Without a commitment its fields are absent, not null.
    bought = {"commitmentDuration": model.duration} if model.duration else {}
    expires = {"commitmentExpirationTime": _instant(model.expires_at)} if model.expires_at else {}
    return {
        "provisionedModelName": model.name,
        "provisionedModelArn": model.arn,
        "modelArn": arn,
        "desiredModelArn": arn,
        "foundationModelArn": arn,
        "modelUnits": model.units,
        "desiredModelUnits": model.units,
        "status": "InService" if is_in_service else "Creating",
        **bought,
        **expires,
        "creationTime": _instant(model.created_at),
        "lastModifiedTime": _instant(model.in_service_at if is_in_service else model.created_at),
    }


def _asked(request: WireRequest, known: set[str]) -> tuple[dict[str, str], int]:
    """The parameters of a list, and how many entries a page may have. Raises Refusal."""
    asked = dict(request.params)
    for name in asked:
        if name not in {"maxResults", "nextToken", *known}:
            raise _invalid(f"Unknown parameter {name}")
    limit = parse_whole(asked.get("maxResults", str(_DEFAULT_RESULTS)))
    if limit is None or not 1 <= limit <= _MAX_RESULTS:
        raise _invalid(f"maxResults must be between 1 and {_MAX_RESULTS}")
    return asked, limit


def _page(request: WireRequest, name: str, shown: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    query = list_query(request)
    position = position_of(query)
    answer: dict[str, Any] = {name: shown[position : position + limit]}
    if position + limit < len(shown):
        answer["nextToken"] = next_token(query, position + limit)
    return answer


def list_query(request: WireRequest) -> dict[str, Any]:
    """What a list is asked for, in the spelling that tokens are made of."""
    asked = dict(request.params)
    token = asked.pop("nextToken", None)
    path = "/" + request.path.rpartition("/")[2]
    query: dict[str, Any] = {"type": asked.get("type"), "operation": OPERATIONS[path]}
    return query if token is None else {**query, "NextToken": token}


def _summary(profile: Profile) -> dict[str, Any]:
    return {
        "inferenceProfileName": profile.name,
        "inferenceProfileArn": profile.arn,
        "inferenceProfileId": profile.id,
        "models": [{"modelArn": arn} for arn in profile.model_arns],
        "status": "ACTIVE",
        "type": "APPLICATION",
        "createdAt": _instant(profile.created_at),
        "updatedAt": _instant(profile.created_at),
    }


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _tags(request: WireRequest, own: list[Profile]) -> dict[str, Any]:
    try:
        asked = json.loads(request.content)
    except ValueError:
        asked = {}
    arn = asked.get("resourceARN")
    profile = next((profile for profile in own if profile.arn == arn), None)
    if profile is None:
        raise Refusal(404, "ResourceNotFoundException", f"The resource {arn} is not found.")
    return {"tags": [{"key": key, "value": value} for key, value in profile.tags.items()]}


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationException", message)
