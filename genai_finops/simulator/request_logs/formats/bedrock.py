"""Model invocation logs of Bedrock, as they lie in S3."""

from typing import Any

from genai_finops.simulator.request_logs.formats.written import LogWriter, Written


def _record(told: Written) -> dict[str, Any]:
    stream, consumer = told.request.stream, told.request.consumer
    metadata = {
        "tenant_id": told.tenant_id,
        "user_id": consumer.user_id,
        "task": consumer.task,
        "conversation_id": consumer.conversation_id,
    }
    counts = {"inputTokenCount": told.count("uncached_input")}
    for meter, name in (("cache_read", "cacheReadInputTokenCount"), ("cache_write", "cacheWriteInputTokenCount")):
        if told.count(meter):
            counts[name] = told.count(meter)
    is_conversing = told.completion_tokens > 0
    record: dict[str, Any] = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"{told.started_at:%Y-%m-%dT%H:%M:%SZ}",
        "accountId": told.account_id,
        "region": stream.plan.region_id,
        "requestId": told.request.id,
        "operation": "Converse" if is_conversing else "InvokeModel",
        "modelId": _model_id(told),
        "identity": {"arn": f"arn:aws:sts::{told.account_id}:assumed-role/app/{consumer.user_id or 'app'}"},
        "requestMetadata": {name: value for name, value in metadata.items() if value is not None},
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": [{"role": "user", "content": [{"text": told.prompt()}]}]},
            **counts,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {"output": {"message": {"content": [{"text": told.answer()}]}}},
            "outputTokenCount": told.completion_tokens,
        },
    }
    if stream.plan.provider_service_tier is not None:
        record["output"]["outputBodyJson"]["serviceTier"] = {"type": stream.plan.provider_service_tier}
    return record


def _model_id(told: Written) -> str:
    """What the caller named: a model, a profile across regions, the ARN of a profile or of bought throughput."""
    stream = told.request.stream
    resource = stream.plan.resource_id
    if resource is None:
        return told.model
    if resource.startswith("arn:"):
        return resource
    return f"arn:aws:bedrock:{stream.plan.region_id}:{told.account_id}:application-inference-profile/{resource}"


INVOCATIONS = LogWriter(
    format="bedrock",
    suffix="jsonl.gz",
    expresses=frozenset({"uncached_input", "cache_read", "cache_write", "output"}),
    record=_record,
    # Where the caller names no user, the role that signed is none.
    options={"user_id": ["metadata.user_id"]},
)
