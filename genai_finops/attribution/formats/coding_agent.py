"""Session files of Claude Code: JSON lines, of which those of the assistant have usage.

A message is written several times while it streams; the last line of its id and request counts. Of a message only its
id, model and usage are looked at.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from genai_finops.attribution.formats.consumer_places import (
    ConsumerPlaces,
    check_option_names,
    consumer_places,
    only_fields,
)
from genai_finops.attribution.formats.cycle_search import without_cycles
from genai_finops.attribution.formats.event_rows import Consumer, EventRows, Request
from genai_finops.attribution.formats.json_lines import exact_fractions, records
from genai_finops.attribution.formats.log_values import (
    Defect,
    amount_of,
    count_of,
    kind_of,
    moment_of,
    object_of,
    text_of,
)
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.attribution.provider_names import provider_of_spelling
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.attribution.token_classes import DisjointCounts, disjoint_counts
from genai_finops.errors import FinopsError

_CONSUMER_FIELDS: Mapping[str, tuple[str, ...]] = {"task": ("cwd",), "conversation_id": ("sessionId",)}
_FIELDS = ("cwd", "sessionId", "gitBranch", "version", "userType", "entrypoint", "agentId", "userId")
_PATTERN = "cwd_pattern"
_GROUPS = frozenset(Consumer._fields) - {"tags"}
_COST = "costUSD"
_AMOUNTS = exact_fractions(_COST)
#: A message that the agent wrote itself, such as one about an error.
_SYNTHETIC = "<synthetic>"
#: As in claude-opus-4-6[1m]: a larger window, which does not change the price.
_SUFFIX = re.compile(r"\[[^\]]*\]$")
#: What the usage says where the request was not bound to a place.
_NO_GEOGRAPHY = "not_available"


class CodingAgentFormat:
    """`coding_agent`. Options: the places of consumers, and `cwd_pattern`: a regular expression whose named groups take
    tenant_id, user_id, task or conversation_id from the working directory, before the places are asked.
    """

    name = "coding_agent"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option and the remedy."""
        check_option_names(self.name, options, _PATTERN)
        only_fields(consumer_places(options, _CONSUMER_FIELDS), _FIELDS)
        _pattern(options)

    @without_cycles()
    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of one piece."""
        places, pattern = consumer_places(options, _CONSUMER_FIELDS), _pattern(options)
        rows = EventRows()
        messages: dict[object, _Message] = {}
        for line, record in records(piece, _AMOUNTS, marker=_COST.encode()):
            try:
                message = _message(line, record, places, pattern)
            except Defect as defect:
                rows.reject(line, str(defect))
                continue
            if message is None:
                rows.skipped += 1
                continue
            # Moved to the end, so that rows stand in the order of the lines that count.
            key = message.request.request_id or line
            if messages.pop(key, None) is not None:
                rows.skipped += 1
            messages[key] = message
        for message in messages.values():
            rows.add(*message)
        return rows.result()


class _Message(NamedTuple):
    line: int
    request: Request
    counts: DisjointCounts
    consumer: Consumer
    cost: Decimal | None


class _Labels:
    __slots__ = ("_record",)

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    def field(self, name: str) -> Any:
        return self._record.get(name)

    def metadata(self) -> Mapping[str, Any]:
        return {}

    def tag_list(self) -> Sequence[Any]:
        return ()


def _pattern(options: Mapping[str, Any]) -> re.Pattern[str] | None:
    value = options.get(_PATTERN)
    if value is None:
        return None
    try:
        pattern = re.compile(value)
    except (re.error, TypeError) as failure:
        raise FinopsError(
            f"option {_PATTERN} is {value!r}, no regular expression: {failure}",
            remedy="Mend it, as in '/srv/(?P<tenant_id>[^/]+)/(?P<task>[^/]+)'.",
        ) from None
    strange = pattern.groupindex.keys() - _GROUPS
    if strange or not pattern.groupindex:
        raise FinopsError(
            f"option {_PATTERN} has {'groups ' + ', '.join(sorted(strange)) if strange else 'no named group'}",
            remedy=f"Name groups {', '.join(sorted(_GROUPS))}.",
        )
    return pattern


def _message(line: int, record: Any, places: ConsumerPlaces, pattern: re.Pattern[str] | None) -> _Message | None:
    """The request that a line tells of; None where it tells of none."""
    if isinstance(record, Defect):
        raise record
    if type(record) is not dict:
        raise Defect(f"{kind_of(record)} in place of an object")
    message = record.get("message")
    if type(message) is not dict or "usage" not in message:
        return None
    usage = object_of("message.usage", message.get("usage"))
    spelled = text_of("message.model", message.get("model"))
    if spelled is None or spelled == _SYNTHETIC:
        return None
    model = _SUFFIX.sub("", spelled)
    provider = provider_of_spelling(model) or "anthropic"
    identifiers = [
        text
        for name, value in (("message.id", message.get("id")), ("requestId", record.get("requestId")))
        if (text := text_of(name, value)) is not None
    ]
    geography = text_of("inference_geo", usage.get("inference_geo"))
    searches = object_of("server_tool_use", usage.get("server_tool_use")).get("web_search_requests")
    return _Message(
        line,
        Request(
            started_at=moment_of("timestamp", record.get("timestamp")),
            request_id=":".join(identifiers) or None,
            provider=provider,
            provider_model_id=model,
            service_tier=_tier(usage, provider),
            geography=None if geography == _NO_GEOGRAPHY else geography,
            operation="chat",
            web_search=count_of("web_search_requests", searches),
        ),
        _counts(usage),
        _consumer(record, places, pattern),
        amount_of(_COST, record.get(_COST)),
    )


def _tier(usage: Mapping[str, Any], provider: str) -> str | None:
    tier = canonical_tier(text_of("service_tier", usage.get("service_tier")), provider)
    # Fast mode is documented for the standard tier only.
    return "fast" if usage.get("speed") == "fast" and tier in {None, "standard"} else tier


def _counts(usage: Mapping[str, Any]) -> DisjointCounts:
    split = object_of("cache_creation", usage.get("cache_creation"))
    return disjoint_counts(
        input_tokens=count_of("input_tokens", usage.get("input_tokens")),
        cache_read=count_of("cache_read_input_tokens", usage.get("cache_read_input_tokens")),
        cache_write=count_of("cache_creation_input_tokens", usage.get("cache_creation_input_tokens")),
        cache_write_5m=count_of("ephemeral_5m_input_tokens", split.get("ephemeral_5m_input_tokens")),
        cache_write_1h=count_of("ephemeral_1h_input_tokens", split.get("ephemeral_1h_input_tokens")),
        output_tokens=count_of("output_tokens", usage.get("output_tokens")),
        input_includes_cache=False,
    )


def _consumer(record: Mapping[str, Any], places: ConsumerPlaces, pattern: re.Pattern[str] | None) -> Consumer:
    consumer = places.consumer(_Labels(record))
    directory = record.get("cwd")
    match = pattern.search(directory) if pattern and type(directory) is str else None
    if match is None:
        return consumer
    return consumer._replace(**{name: text for name, text in match.groupdict().items() if text})
