"""Exports of Langfuse: traces with observations, lists of its API, arrays, JSON lines; camel or snake case.

Events are observations of type GENERATION and EMBEDDING. One that has such an observation with tokens right below it
repeats it (an SDK's wrapper around its own call) and is skipped. Inputs, outputs and comments are never looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from genai_finops.attribution.formats.consumer_places import check_option_names, consumer_places, only_fields
from genai_finops.attribution.formats.cycle_search import without_cycles
from genai_finops.attribution.formats.event_rows import Consumer, EventRows, Request
from genai_finops.attribution.formats.json_lines import documents, parse_exact
from genai_finops.attribution.formats.langfuse_usage import cost_of, usage_counts
from genai_finops.attribution.formats.log_values import Defect, amount_of, kind_of, moment_of, object_of, text_of
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.attribution.provider_names import canonical_provider, provider_of_spelling
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.attribution.token_classes import DisjointCounts

_OPERATIONS = {"GENERATION": "chat", "EMBEDDING": "embeddings"}
_CONSUMER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "tenant_id": ("metadata.tenant_id", "metadata.tenant", "tag:tenant"),
    "user_id": ("userId", "metadata.user_id"),
    "task": ("metadata.task", "tag:task", "traceName", "name"),
    "conversation_id": ("sessionId",),
}
#: Of the observation, else of its trace; `name` is the observation's, `traceName` the trace's.
_FIELDS = ("userId", "sessionId", "traceName", "name", "environment", "release", "version", "projectId")
#: Provider as frameworks leave it in an observation's metadata.
_PROVIDER_KEYS = ("ls_provider", "gen_ai.provider.name", "gen_ai.system", "llm.provider")
#: Costs have keys of any name. Every number with a fraction or an exponent behind a plain key is kept digit by digit.
_FRACTIONS = re.compile(rb'("[\w.-]{1,64}"\s*:\s*)(-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))')
_UNITS = frozenset({None, "TOKENS"})
_OLD_USAGE = {
    "input": ("promptTokens", "prompt_tokens"),
    "output": ("completionTokens", "completion_tokens"),
    "total": ("totalTokens", "total_tokens"),
}
#: Usage in characters, seconds or images: no tokens.
OTHER_UNIT = "usage_in_other_unit"
REPEATED_BY_PARENT = "repeated_by_parent"
_SNAKE = re.compile(r"(?<=[a-z])(?=[A-Z])")


class LangfuseFormat:
    """`langfuse`. Options: the places of consumers."""

    name = "langfuse"
    reads: PieceKind = "file"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option and the remedy."""
        check_option_names(self.name, options)
        only_fields(consumer_places(options, _CONSUMER_FIELDS), _FIELDS)

    @without_cycles()
    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of one file. Records of a document are numbered, those of JSON lines have their line."""
        return _Export(options).read(piece)


class _Told(NamedTuple):
    line: int
    trace: Mapping[str, Any]
    observation: Mapping[str, Any]


class _Observation(NamedTuple):
    line: int
    id: tuple[str, str]
    parent: tuple[str, str]
    request: Request
    counts: DisjointCounts
    consumer: Consumer
    cost: Decimal | None


class _Labels:
    __slots__ = ("_observation", "_trace")

    def __init__(self, trace: Mapping[str, Any], observation: Mapping[str, Any]) -> None:
        self._trace, self._observation = trace, observation

    def field(self, name: str) -> Any:
        if name == "name":
            return self._observation.get("name")
        value = _get(self._observation, name)
        if value is None or value == "":
            value = self._trace.get("name") if name == "traceName" else _get(self._trace, name)
        return value

    def metadata(self) -> Mapping[str, Any]:
        return {**_metadata(self._trace), **_metadata(self._observation)}

    def tag_list(self) -> Sequence[Any]:
        for owner in (self._observation, self._trace):
            tags = owner.get("tags")
            if type(tags) is str:
                tags = parse_exact(tags)
            if type(tags) is list and tags:
                return tags
        return ()


class _Export:
    def __init__(self, options: Mapping[str, Any]) -> None:
        self._places = consumer_places(options, _CONSUMER_FIELDS)
        self._rows = EventRows()
        self._traces: dict[str, Mapping[str, Any]] = {}
        self._told: list[_Told] = []
        self._is_document = False

    def read(self, piece: Piece) -> PieceEvents:
        for line, record, is_document in documents(piece, _FRACTIONS):
            self._is_document = is_document
            try:
                if isinstance(record, Defect):
                    raise record
                self._walk(line, record)
            except Defect as defect:
                self._rows.reject(line, str(defect))
        found = list(self._observations())
        parents = {each.parent for each in found if any(each.counts[:14])}
        for each in found:
            if each.id in parents:
                self._rows.skipped += 1
                self._rows.mended[REPEATED_BY_PARENT] += 1
            else:
                self._rows.add(each.line, each.request, each.counts, each.consumer, each.cost)
        return self._rows.result()

    def _walk(self, line: int, record: Any) -> None:
        """Traces and observations of a record, which may be a list of others."""
        for entry in record if type(record) is list else [record]:
            if type(entry) is not dict:
                self._rows.reject(line, f"{kind_of(entry)} in place of a trace or observation")
                continue
            inner = entry.get("data")
            if type(inner) is list:
                for each in inner:
                    self._entry(line, each)
            else:
                self._entry(line, entry)

    def _entry(self, line: int, entry: Any) -> None:
        if type(entry) is not dict:
            self._rows.reject(line, f"{kind_of(entry)} in place of a trace or observation")
            return
        observations = entry.get("observations")
        if observations is None and "type" in entry:
            self._told.append(_Told(self._number(line), {}, entry))
            return
        inner = entry.get("trace")
        trace: dict[str, Any] = inner if type(inner) is dict else entry
        identifier = trace.get("id")
        if type(identifier) is str:
            self._traces[identifier] = trace
        self._rows.skipped += 1
        for observation in observations if type(observations) is list else ():
            # A list of traces names its observations by id.
            if type(observation) is dict:
                self._told.append(_Told(self._number(line), trace, observation))

    def _number(self, line: int) -> int:
        return len(self._told) + 1 if self._is_document else line

    def _observations(self) -> Iterator[_Observation]:
        for line, trace, observation in self._told:
            kind = observation.get("type")
            operation = _OPERATIONS.get(kind) if type(kind) is str else None
            if operation is None:
                self._rows.skipped += 1
                continue
            trace_id = _get(observation, "traceId")
            known = trace or (self._traces.get(trace_id, {}) if type(trace_id) is str else {})
            try:
                yield self._observation(line, known, observation, operation)
            except Defect as defect:
                self._rows.reject(line, str(defect))

    def _observation(
        self, line: int, trace: Mapping[str, Any], observation: Mapping[str, Any], operation: str
    ) -> _Observation:
        started, ended = _get(observation, "startTime"), _get(observation, "endTime")
        identifier = text_of("id", observation.get("id"))
        model = text_of("model", _get(observation, "providedModelName") or observation.get("model"))
        provider = _provider(observation) or provider_of_spelling(model)
        parameters = _get(observation, "modelParameters")
        tier = parameters.get("service_tier") if type(parameters) is dict else None
        counts = self._counts(observation)
        trace_id = text_of("traceId", _get(observation, "traceId")) or ""
        return _Observation(
            line,
            (trace_id, identifier or ""),
            (trace_id, text_of("parentObservationId", _get(observation, "parentObservationId")) or "-"),
            Request(
                started_at=moment_of("startTime", started),
                ended_at=None if ended is None else moment_of("endTime", ended),
                request_id=identifier,
                provider=provider,
                provider_model_id=model,
                service_tier=canonical_tier(tier if type(tier) is str else None, provider),
                operation=operation,
                failed=observation.get("level") == "ERROR",
            ),
            counts.as_embedding() if operation == "embeddings" else counts,
            self._places.consumer(_Labels(trace, observation)),
            _cost(observation),
        )

    def _counts(self, observation: Mapping[str, Any]) -> DisjointCounts:
        details = _object(observation, "usageDetails")
        if not details:
            details = self._old_usage(observation)
        return usage_counts(details)

    def _old_usage(self, observation: Mapping[str, Any]) -> Mapping[str, Any]:
        """Input, output and total of the form before usageDetails, of the observation itself or in its `usage`."""
        usage = _object(observation, "usage")
        if usage.get("unit") not in _UNITS:
            self._rows.mended[OTHER_UNIT] += 1
            return {}
        found = {}
        for name, older in _OLD_USAGE.items():
            values = (usage.get(name), *(owner.get(key) for owner in (usage, observation) for key in older))
            value = next((value for value in values if value is not None), None)
            # Zero is how Langfuse writes that a count is not there.
            if value is not None and value != 0:
                found[name] = value
        return found


def _get(owner: Mapping[str, Any], name: str) -> Any:
    value = owner.get(name)
    return owner.get(_SNAKE.sub("_", name).lower()) if value is None else value


def _object(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object, or one that a table export has as text."""
    value = _get(owner, name)
    return object_of(name, parse_exact(value) if type(value) is str and value else value or None)


def _metadata(owner: Mapping[str, Any]) -> Mapping[str, Any]:
    value = owner.get("metadata")
    if type(value) is dict:
        return value
    # Free text is a comment of the application, and none of ours to read.
    if type(value) is str and value.startswith("{"):
        parsed = parse_exact(value)
        return parsed if type(parsed) is dict else {}
    return {}


def _provider(observation: Mapping[str, Any]) -> str | None:
    metadata = _metadata(observation)
    attributes = metadata.get("attributes")
    for owner in (metadata, attributes if type(attributes) is dict else {}):
        for key in _PROVIDER_KEYS:
            value = owner.get(key)
            if type(value) is str:
                return canonical_provider(value)
    return None


def _cost(observation: Mapping[str, Any]) -> Decimal | None:
    details = _object(observation, "costDetails")
    if details:
        return cost_of(details)
    for name in ("totalCost", "calculatedTotalCost"):
        # 0 without details: Langfuse knows no price.
        amount = amount_of(name, _get(observation, name))
        if amount:
            return amount
    return None
