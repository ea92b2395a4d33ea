"""One OTLP span: whether it asks a model, and what it says of that."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from genai_finops.attribution.formats.consumer_places import ConsumerPlaces
from genai_finops.attribution.formats.event_rows import Consumer, Request
from genai_finops.attribution.formats.json_lines import parse_exact
from genai_finops.attribution.formats.langfuse_usage import cost_of, usage_counts
from genai_finops.attribution.formats.log_values import (
    Defect,
    amount_of,
    count_of,
    kind_of,
    nanoseconds_of,
    object_of,
    text_of,
)
from genai_finops.attribution.formats.openinference import OPERATIONS
from genai_finops.attribution.formats.otlp_names import (
    EMBEDDINGS,
    INFERENCE,
    LANGFUSE_OPERATIONS,
    OTHER_OPERATIONS,
    SLOTS,
)
from genai_finops.attribution.formats.own_columns import OwnColumns
from genai_finops.attribution.formats.span_tokens import SpanTokens
from genai_finops.attribution.provider_names import canonical_provider, endpoint_of, provider_of_spelling
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.attribution.token_classes import DisjointCounts

#: Spans that are no events, by why.
OTHER_SPAN = "other_span"
#: A span with tokens and an operation that nobody described.
UNKNOWN_OPERATION = "unknown_operation_skipped"

_ERROR_CODES = (2, "STATUS_CODE_ERROR")
#: Invalid by the W3C's trace context.
_NO_ID = frozenset("0")
_TRACELOOP_OPERATIONS = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}
_STILL_OPEN = (0, "0")
_ASKED_NAMES = ("provider", "vendor", "host", "response_model", "request_model", "response_tier", "request_tier")
_ASKED_SLOTS = tuple(SLOTS[name] for name in _ASKED_NAMES)
_RESPONSE_ID, _ERROR = SLOTS["response_id"], SLOTS["error"]
#: Models of a file are few; names that differ in each span are not kept.
_MOST_KNOWN = 10_000
_TOKEN_SLOTS = tuple((name, SLOTS[name]) for name in SpanTokens._fields)
_NOTHING: tuple[Any, ...] = (None,) * len(SLOTS)


class _Asked(NamedTuple):
    """Who was asked, in the fields of Request."""

    provider: str | None
    provider_model_id: str | None
    service_tier: str | None
    region_id: str | None
    geography: str | None


class Span(NamedTuple):
    """A span that asks a model. `id` and `parent` within the traces of all, empty where there is none."""

    line: int
    id: str
    parent: str
    counts_tokens: bool
    request: Request
    counts: DisjointCounts
    consumer: Consumer
    cost: Decimal | None


def attributes_of(attributes: Any, wanted: Mapping[str, tuple[int, int, bool]]) -> tuple[Sequence[Any], dict[str, Any]]:
    """Values of the wanted attributes: by slot, and by name those that may tell of the consumer. Raises Defect."""
    if not attributes:
        return _NOTHING, {}
    slots = list(_NOTHING)
    ranks: dict[int, int] = {}
    named: dict[str, Any] = {}
    try:
        for attribute in attributes:
            key = attribute["key"]
            found = wanted.get(key)
            if found is None:
                continue
            value = _value_of(attribute.get("value"))
            if value is None or value == "":
                continue
            slot, rank, is_consumer = found
            if is_consumer:
                named[key] = value
            if slot >= 0 and (slots[slot] is None or rank < ranks[slot]):
                slots[slot] = value
                ranks[slot] = rank
    except (TypeError, KeyError, AttributeError):
        raise Defect("attributes are not a list of keys and values") from None
    return slots, named


def _value_of(value: Any) -> Any:
    """What an AnyValue holds; a list as such, None for what no attribute of ours is."""
    if not value:
        return None
    text = value.get("stringValue")
    if text is not None:
        return text
    for kind, content in value.items():
        match kind:
            case "intValue" | "doubleValue" | "boolValue":
                return content
            case "arrayValue" if type(content) is dict:
                entries = content.get("values")
                return [_value_of(entry) for entry in entries if type(entry) is dict] if type(entries) is list else []
            case "kvlistValue" if type(content) is dict:
                return {}
    return None


class _Labels:
    """What a span, and else its resource, say about the consumer."""

    __slots__ = ("_slots", "field")

    def __init__(self, slots: Sequence[Any], named: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
        self._slots = slots
        self.field: Callable[[str], Any] = {**shared, **named}.get

    def metadata(self) -> Mapping[str, Any]:
        value = self._slots[SLOTS["metadata"]]
        return object_of("metadata", parse_exact(value)) if type(value) is str else {}

    def tag_list(self) -> Sequence[Any]:
        value = self._slots[SLOTS["tag_list"]]
        if type(value) is str:
            value = parse_exact(value)
        return value if type(value) is list else ()


class SpanReader:
    """Reads spans of one source."""

    def __init__(self, input_includes_cache: bool | None) -> None:
        self._input_includes_cache = input_includes_cache
        self._asked: dict[tuple[Any, ...], _Asked] = {}

    def span(
        self,
        line: int,
        span: Mapping[str, Any],
        wanted: Mapping[str, tuple[int, int, bool]],
        shared: Mapping[str, Any],
        places: ConsumerPlaces,
    ) -> Span | str:
        """The span as an event, or why it is none. Raises Defect."""
        slots, named = attributes_of(span.get("attributes"), wanted)
        own = OwnColumns.of(slots)
        is_recorded = own is not None and own.is_recorded
        operation = _operation(slots)
        if operation is None and not is_recorded:
            return _why_other(slots)
        trace = span.get("traceId")
        identifier = _id(trace, span.get("spanId"))
        request = self._request(span, slots, operation, identifier)
        counts = self._counts(slots, is_recorded=is_recorded)
        consumer = places.consumer(_Labels(slots, named, shared))
        cost = _cost(slots)
        if operation in EMBEDDINGS and not is_recorded:
            counts = counts.as_embedding()
        if own is not None:
            request, counts = own.request(request), own.counts(counts)
            consumer, cost = own.consumer(consumer), own.cost(cost)
        return Span(
            line,
            identifier,
            _id(trace, span.get("parentSpanId")),
            any(counts[:14]),
            request,
            counts,
            consumer,
            cost,
        )

    def _counts(self, slots: Sequence[Any], *, is_recorded: bool) -> DisjointCounts:
        details = slots[SLOTS["usage_details"]]
        if details is not None:
            if type(details) is not str:
                raise Defect(f"langfuse.observation.usage_details is {kind_of(details)}, not JSON")
            return usage_counts(object_of("langfuse.observation.usage_details", parse_exact(details)))
        told = SpanTokens(
            *[0 if (value := slots[slot]) is None else count_of(name, value) for name, slot in _TOKEN_SLOTS]
        )
        # The recorder counts as the conventions say, whatever holds for other spans of the source.
        return told.disjoint(input_includes_cache=True if is_recorded else self._input_includes_cache)

    def _request(
        self, span: Mapping[str, Any], slots: Sequence[Any], operation: str | None, identifier: str
    ) -> Request:
        ended, status, response_id = span.get("endTimeUnixNano"), span.get("status"), slots[_RESPONSE_ID]
        asked = self._whom(tuple(slots[slot] for slot in _ASKED_SLOTS))
        return Request(
            started_at=nanoseconds_of("startTimeUnixNano", span.get("startTimeUnixNano")),
            # A span that is still open ends at 0.
            ended_at=None if ended is None or ended in _STILL_OPEN else nanoseconds_of("endTimeUnixNano", ended),
            request_id=(None if response_id is None else text_of("response_id", response_id))
            or (f"span:{identifier}" if identifier else None),
            operation=operation,
            failed=slots[_ERROR] is not None or (type(status) is dict and status.get("code") in _ERROR_CODES),
            **asked._asdict(),
        )

    def _whom(self, values: tuple[Any, ...]) -> "_Asked":
        """What the same few values say in every span, found once."""
        try:
            known = self._asked.get(values)
        except TypeError:
            raise Defect("the name of a provider, model, host or tier is a list") from None
        if known is None:
            known = _asked({name: text_of(name, value) for name, value in zip(_ASKED_NAMES, values, strict=True)})
            if len(self._asked) < _MOST_KNOWN:
                self._asked[values] = known
        return known


def _operation(slots: Sequence[Any]) -> str | None:
    """The operation of a span that asks a model, None of others."""
    kind = slots[SLOTS["openinference_kind"]]
    operation = slots[SLOTS["operation"]]
    if kind is not None:
        found = OPERATIONS.get(kind.upper()) if type(kind) is str else None
        return operation if found and type(operation) is str and operation in INFERENCE else found
    if operation is not None:
        name = operation.lower() if type(operation) is str else ""
        return name if name in INFERENCE else None
    langfuse = slots[SLOTS["langfuse_type"]]
    if langfuse is not None:
        return LANGFUSE_OPERATIONS.get(langfuse) if type(langfuse) is str else None
    request_type = slots[SLOTS["traceloop_type"]]
    if request_type is not None:
        return _TRACELOOP_OPERATIONS.get(request_type) if type(request_type) is str else None
    if slots[SLOTS["traceloop_kind"]] is not None:
        return None
    # Early instrumentations named no operation, but provider, model and usage. Agents that add up lack the model.
    has_model = slots[SLOTS["request_model"]] is not None or slots[SLOTS["response_model"]] is not None
    has_usage = slots[SLOTS["input_tokens"]] is not None or slots[SLOTS["usage_details"]] is not None
    return "chat" if has_model and has_usage and slots[SLOTS["provider"]] is not None else None


def _why_other(slots: Sequence[Any]) -> str:
    operation = slots[SLOTS["operation"]]
    if slots[SLOTS["input_tokens"]] is None or operation is None or slots[SLOTS["openinference_kind"]] is not None:
        return OTHER_SPAN
    return OTHER_SPAN if type(operation) is str and operation.lower() in OTHER_OPERATIONS else UNKNOWN_OPERATION


def _asked(said: Mapping[str, str | None]) -> _Asked:
    host = said["host"]
    model = said["response_model"] or said["request_model"]
    named = canonical_provider(said["provider"], host=host, vendor=said["vendor"]) or provider_of_spelling(model)
    region = endpoint_of(host).region_id
    is_google = region is not None and named == "gcp_vertex"
    return _Asked(
        provider=named,
        provider_model_id=model,
        service_tier=canonical_tier(said["response_tier"] or said["request_tier"], named),
        region_id=region,
        geography=("global" if region == "global" else "regional") if is_google else None,
    )


def _id(trace: Any, span: Any) -> str:
    """Trace and span; empty where an id is missing or invalid."""
    if type(trace) is not str or type(span) is not str or _NO_ID.issuperset(trace) or _NO_ID.issuperset(span):
        return ""
    return f"{trace}:{span}"


def _cost(slots: Sequence[Any]) -> Decimal | None:
    details = slots[SLOTS["cost_details"]]
    if details is not None:
        if type(details) is not str:
            raise Defect(f"langfuse.observation.cost_details is {kind_of(details)}, not JSON")
        return cost_of(object_of("langfuse.observation.cost_details", parse_exact(details)))
    total = amount_of("cost", slots[SLOTS["cost"]])
    if total is not None:
        return total
    parts = [amount_of(name, slots[SLOTS[name]]) for name in ("input_cost", "output_cost")]
    return sum((part for part in parts if part is not None), Decimal(0)) if any(parts) else None
