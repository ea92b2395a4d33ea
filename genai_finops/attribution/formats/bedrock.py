"""Model invocation logs of AWS Bedrock: JSON lines as in S3, alone or wrapped in messages of CloudWatch Logs.

Of the bodies only the counts of `output.outputBodyJson` are looked at. The region is the one that was called, which
is what the bill names; `inferenceRegion`, where a profile across regions ran it, can be kept as a tag.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genai_finops.attribution.formats.consumer_places import (
    ConsumerPlaces,
    check_option_names,
    consumer_places,
    only_fields,
)
from genai_finops.attribution.formats.cycle_search import without_cycles
from genai_finops.attribution.formats.event_rows import EventRows, Request
from genai_finops.attribution.formats.json_lines import parse, records
from genai_finops.attribution.formats.log_values import Defect, count_of, kind_of, moment_of, object_of, text_of
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.attribution.token_classes import DisjointCounts, disjoint_counts
from genai_finops.providers.bedrock_models import name_model

_PROVIDER = "aws_bedrock"
_SCHEMA = "ModelInvocationLog"
_COMMITTED = "committed"
_CONSUMER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "tenant_id": ("metadata.tenant_id", "metadata.tenant"),
    "user_id": ("metadata.user_id", "metadata.user", "identity.arn"),
    "task": ("metadata.task",),
    "conversation_id": ("metadata.conversation_id", "metadata.session_id"),
}
#: `metadata.` is what the caller set as requestMetadata.
_FIELDS = ("identity.arn", "modelId", "accountId", "region", "inferenceRegion", "operation")
#: Spellings of Converse, of Anthropic's and Amazon's own bodies, and of the metrics at the end of a stream.
_BODY_COUNTS = {
    "input": ("inputTokens", "input_tokens", "inputTokenCount", "prompt_tokens"),
    "output": ("outputTokens", "output_tokens", "outputTokenCount", "completion_tokens"),
    "cache_read": ("cacheReadInputTokens", "cache_read_input_tokens", "cacheReadInputTokenCount"),
    "cache_write": ("cacheWriteInputTokens", "cache_creation_input_tokens", "cacheWriteInputTokenCount"),
}
_STREAM_METRICS = "amazon-bedrock-invocationMetrics"
_EMBEDDING = re.compile(r"embed")


class BedrockFormat:
    """`bedrock`. Options: the places of consumers."""

    name = "bedrock"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option and the remedy."""
        check_option_names(self.name, options)
        only_fields(consumer_places(options, _CONSUMER_FIELDS), _FIELDS)

    @without_cycles()
    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of one piece."""
        places = consumer_places(options, _CONSUMER_FIELDS)
        rows = EventRows()
        for line, record in records(piece):
            try:
                for invocation in _invocations(record):
                    _add(rows, line, invocation, places)
            except Defect as defect:
                rows.reject(line, str(defect))
        return rows.result()


class _Labels:
    __slots__ = ("_record",)

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    def field(self, name: str) -> Any:
        if name == "identity.arn":
            return object_of("identity", self._record.get("identity")).get("arn")
        return self._record.get(name)

    def metadata(self) -> Mapping[str, Any]:
        return object_of("requestMetadata", self._record.get("requestMetadata"))

    def tag_list(self) -> Sequence[Any]:
        return ()


def _invocations(record: Any) -> Iterator[Any]:
    """The record itself, or those in the messages of CloudWatch: an event, a batch of a subscription, or an answer."""
    if isinstance(record, Defect):
        raise record
    if type(record) is not dict:
        raise Defect(f"{kind_of(record)} in place of an object")
    if "schemaType" in record or "modelId" in record:
        yield record
        return
    for name in ("message", "@message"):
        if name in record:
            message = record[name]
            yield parse(message) if type(message) is str else message
            return
    for name in ("logEvents", "events"):
        entries = record.get(name)
        if type(entries) is list:
            for entry in entries:
                yield from _invocations(entry)
            return
    raise Defect("no ModelInvocationLog")


def _add(rows: EventRows, line: int, record: Any, places: ConsumerPlaces) -> None:
    if type(record) is not dict:
        raise Defect(f"{kind_of(record)} in place of an object")
    if record.get("schemaType", _SCHEMA) != _SCHEMA:
        rows.skipped += 1
        return
    region = text_of("region", record.get("region"))
    model_id = text_of("modelId", record.get("modelId"))
    if model_id is None:
        raise Defect("modelId is missing")
    named = name_model(model_id, region or "", {})
    output = object_of("output", record.get("output"))
    counts = _counts(object_of("input", record.get("input")), output)
    if _EMBEDDING.search(named.provider_model_id or "" if named else ""):
        counts = counts.as_embedding()
    rows.add(
        line,
        Request(
            started_at=moment_of("timestamp", record.get("timestamp")),
            request_id=text_of("requestId", record.get("requestId")),
            provider=_PROVIDER,
            # Bought throughput has no model in its name.
            resource_id=named.resource_id if named else model_id,
            provider_model_id=named.provider_model_id if named else None,
            service_tier=_tier(record, output) if named else _COMMITTED,
            region_id=region,
            geography=named.geography if named else None,
            operation=text_of("operation", record.get("operation")),
            failed=record.get("errorCode") is not None,
            account_id=text_of("accountId", record.get("accountId")),
        ),
        counts,
        places.consumer(_Labels(record)),
        None,
    )


def _tier(record: Mapping[str, Any], output: Mapping[str, Any]) -> str | None:
    body = output.get("outputBodyJson")
    for owner in (record, body if type(body) is dict else {}):
        tier = owner.get("serviceTier")
        spelled = tier.get("type") if type(tier) is dict else tier
        if type(spelled) is str:
            return canonical_tier(spelled, _PROVIDER)
    return None


def _counts(told: Mapping[str, Any], output: Mapping[str, Any]) -> DisjointCounts:
    """The larger of the counts beside the body and within it: either may be 0 where the other is not."""
    found = {
        "input": count_of("input.inputTokenCount", told.get("inputTokenCount")),
        "output": count_of("output.outputTokenCount", output.get("outputTokenCount")),
        "cache_read": count_of("input.cacheReadInputTokenCount", told.get("cacheReadInputTokenCount")),
        "cache_write": count_of("input.cacheWriteInputTokenCount", told.get("cacheWriteInputTokenCount")),
    }
    lifetimes = {"5m": 0, "1h": 0}
    for usage in _usages(output.get("outputBodyJson")):
        for name, spellings in _BODY_COUNTS.items():
            found[name] = max(found[name], *(count_of(spelled, usage.get(spelled)) for spelled in spellings))
        split = usage.get("cache_creation")
        if type(split) is dict:
            for lifetime, count in lifetimes.items():
                spelled = f"ephemeral_{lifetime}_input_tokens"
                lifetimes[lifetime] = max(count, count_of(spelled, split.get(spelled)))
    return disjoint_counts(
        input_tokens=found["input"],
        output_tokens=found["output"],
        cache_read=found["cache_read"],
        cache_write=found["cache_write"],
        cache_write_5m=lifetimes["5m"],
        cache_write_1h=lifetimes["1h"],
        input_includes_cache=False,
    )


def _usages(body: Any) -> Iterator[Mapping[str, Any]]:
    """Usage objects of a body: at its top, or in the events of a stream. Nothing else of it is looked at."""
    for event in body if type(body) is list else [body]:
        if type(event) is not dict:
            continue
        for owner in (event, event.get("message"), event.get("metadata")):
            usage = owner.get("usage") if type(owner) is dict else None
            if type(usage) is dict:
                yield usage
        metrics = event.get(_STREAM_METRICS)
        if type(metrics) is dict:
            yield metrics
