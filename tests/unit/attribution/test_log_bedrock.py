"""Bedrock's invocation logs."""

import json
from typing import Any

import pytest

from genai_finops.attribution.formats.bedrock import BedrockFormat
from genai_finops.attribution.log_format import Piece, PieceEvents

BEDROCK = BedrockFormat()
INVOCATION = {
    "schemaType": "ModelInvocationLog",
    "timestamp": "2026-11-02T09:20:46Z",
    "accountId": "111122223333",
    "region": "us-east-1",
    "inferenceRegion": "us-west-2",
    "requestId": "r-1",
    "operation": "Converse",
    "modelId": "us.anthropic.claude-sonnet-4-6",
    "requestMetadata": {"tenant_id": "acme", "task": "summarize", "conversation_id": "c-42"},
    "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/app/u-7"},
    "input": {"inputTokenCount": 1200, "cacheReadInputTokenCount": 4000},
    "output": {"outputTokenCount": 310},
}


def read(*records: Any, **options: Any) -> PieceEvents:
    BEDROCK.check_options(options)
    content = b"\n".join(json.dumps(record).encode() for record in records)
    return BEDROCK.read(Piece(content=content, first_line=1), options)


def only(told: PieceEvents) -> dict[str, Any]:
    assert (told.events.height, list(told.rejects)) == (1, [])
    return told.events.row(0, named=True)


def test_an_invocation_says_account_region_model_consumer_and_disjoint_tokens() -> None:
    event = only(read(INVOCATION, tags=["inferenceRegion"]))

    said = {name: value for name, value in event.items() if value not in {None, 0}}
    started = said.pop("started_at")
    assert started.isoformat() == "2026-11-02T09:20:46+00:00"
    assert said == {
        "request_id": "r-1",
        "provider": "aws_bedrock",
        "x_genai_account_id": "111122223333",
        "provider_model_id": "us.anthropic.claude-sonnet-4-6",
        "region_id": "us-east-1",
        "geography": "regional",
        "operation": "Converse",
        "status": "success",
        "uncached_input": 1200,
        "cache_read": 4000,
        "output": 310,
        "tenant_id": "acme",
        "user_id": "arn:aws:sts::111122223333:assumed-role/app/u-7",
        "task": "summarize",
        "conversation_id": "c-42",
        "tags": '{"inferenceRegion":"us-west-2"}',
        "log_line": 1,
    }


MESSAGE = json.dumps(INVOCATION)


@pytest.mark.parametrize(
    "wrapped",
    [
        {"timestamp": 1793611246000, "message": MESSAGE},
        {"@timestamp": "2026-11-02 09:20:46.000", "@message": MESSAGE},
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": MESSAGE}]},
        {"events": [{"eventId": "1", "message": MESSAGE}], "searchedLogStreams": []},
    ],
)
def test_messages_of_cloudwatch_say_the_same(wrapped: dict[str, Any]) -> None:
    assert only(read(wrapped)) == only(read(INVOCATION))


STREAM = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 3, "cache_creation": {}}}},
    {"type": "message_delta", "usage": {"output_tokens": 13}},
    {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 13}},
]
CREATION = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ({"usage": {"inputTokens": 50, "outputTokens": 9, "cacheReadInputTokens": 7}}, (50, 7, 0, 0, 0, 9)),
        ({"usage": {"inputTokens": 50, "outputTokens": 0}}, (50, 0, 0, 0, 0, 2)),
        (STREAM, (3, 0, 0, 0, 0, 13)),
        (
            {"usage": {"cache_creation_input_tokens": 35, "cache_creation": CREATION}},
            (0, 0, 5, 10, 20, 2),
        ),
        ("text", (0, 0, 0, 0, 0, 2)),
    ],
)
def test_the_larger_of_the_counts_beside_and_within_the_body_is_taken(body: Any, counts: tuple[int, ...]) -> None:
    record = INVOCATION | {
        "input": {"inputTokenCount": 0},
        "output": {"outputTokenCount": 2, "outputBodyJson": body},
    }

    event = only(read(record))

    names = ("uncached_input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output")
    assert tuple(event[name] for name in names) == counts


ARN = "arn:aws:bedrock:us-east-1:111122223333"


@pytest.mark.parametrize(
    ("model_id", "model", "resource", "tier"),
    [
        (f"{ARN}:inference-profile/us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", None, None),
        (f"{ARN}:application-inference-profile/AB12cd", None, "ab12cd", None),
        (f"{ARN}:provisioned-model/xyz", None, f"{ARN}:provisioned-model/xyz", "committed"),
    ],
)
def test_profiles_and_bought_throughput_are_named_as_in_usage(
    model_id: str, model: str | None, resource: str | None, tier: str | None
) -> None:
    event = only(read(INVOCATION | {"modelId": model_id}))

    assert (event["provider_model_id"], event["resource_id"], event["service_tier"]) == (model, resource, tier)


def test_embedding_models_have_a_class_of_their_own() -> None:
    event = only(read(INVOCATION | {"modelId": "amazon.titan-embed-text-v2:0", "input": {"inputTokenCount": 50}}))

    assert (event["embedding_input"], event["uncached_input"]) == (50, 0)


def test_a_refused_invocation_is_a_failure() -> None:
    assert only(read(INVOCATION | {"errorCode": "ThrottlingException"}))["status"] == "failure"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"a": 1}, "no ModelInvocationLog"),
        (INVOCATION | {"modelId": None}, "modelId is missing"),
        (INVOCATION | {"timestamp": "1999-01-01T00:00:00Z"}, "timestamp is before 2020 or after 2099"),
        (INVOCATION | {"input": [1]}, "input is a list, not an object"),
        (INVOCATION | {"requestMetadata": {"tenant_id": {}}}, "metadata.tenant_id is an object, not a name"),
    ],
)
def test_a_defect_is_named(broken: dict[str, Any], reason: str) -> None:
    told = read(broken, INVOCATION)

    assert ([(each.line, each.reason) for each in told.rejects], told.events.height) == ([(1, reason)], 1)
