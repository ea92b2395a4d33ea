"""Bedrock's control plane: inference profiles and their tags."""

import datetime as dt
import json
from typing import Any

from genai_finops.simulator.aws_bedrock.cloudwatch import next_token, position_of
from genai_finops.simulator.aws_bedrock.traffic import Profile, profiles_of
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_DEFAULT_RESULTS, _MAX_RESULTS = 100, 1000
_TYPES = {"APPLICATION", "SYSTEM_DEFINED"}


def answer_bedrock(request: WireRequest, path: str, region: str, account: Account, ledger: Ledger) -> dict[str, Any]:
    """The answer of an operation. Raises Refusal."""
    own = [
        profile
        for profile in profiles_of(account.scenario, account.org).values()
        if profile.region == region and (profile.deleted_at is None or ledger.now < profile.deleted_at)
    ]
    if (request.method, path) == ("GET", "/inference-profiles"):
        return _inference_profiles(request, own)
    if (request.method, path) == ("POST", "/listTagsForResource"):
        return _tags(request, own)
    raise Refusal(404, "UnknownOperationException", f"Unknown operation {request.method} {path}")


def _inference_profiles(request: WireRequest, own: list[Profile]) -> dict[str, Any]:
    asked = dict(request.params)
    for name in asked:
        if name not in {"type", "maxResults", "nextToken"}:
            raise _invalid(f"Unknown parameter {name}")
    limit = parse_whole(asked.get("maxResults", str(_DEFAULT_RESULTS)))
    if limit is None or not 1 <= limit <= _MAX_RESULTS:
        raise _invalid(f"maxResults must be between 1 and {_MAX_RESULTS}")
    kind = asked.get("type", "SYSTEM_DEFINED")
    if kind not in _TYPES:
        raise _invalid(f"type must be one of {', '.join(sorted(_TYPES))}")
    position = position_of(profile_query(request))
    shown = own if kind == "APPLICATION" else []
    answer: dict[str, Any] = {
        "inferenceProfileSummaries": [_summary(profile) for profile in shown[position : position + limit]]
    }
    if position + limit < len(shown):
        answer["nextToken"] = next_token(profile_query(request), position + limit)
    return answer


def profile_query(request: WireRequest) -> dict[str, Any]:
    """What the list is asked for, in the spelling that tokens are made of."""
    asked = dict(request.params)
    token = asked.pop("nextToken", None)
    query: dict[str, Any] = {"type": asked.get("type"), "operation": "ListInferenceProfiles"}
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
