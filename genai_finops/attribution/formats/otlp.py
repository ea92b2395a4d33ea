"""Traces as OTLP/JSON: lines of the OpenTelemetry collector's file exporter, or whole documents.

Events are spans that ask a model once: current and older GenAI conventions, OpenInference, OpenLLMetry, Langfuse. Spans
of agents, tools and workflows repeat or cause what those count, and a span that asks a model through another such span
(an SDK's wrapper around its own call) repeats it: both are skipped. Only the attributes of `otlp_names` are looked at.
"""

from collections.abc import Mapping
from typing import Any

from genai_finops.attribution.formats.consumer_places import (
    ConsumerPlaces,
    check_option_names,
    consumer_places,
    refuse_content,
)
from genai_finops.attribution.formats.cycle_search import without_cycles
from genai_finops.attribution.formats.event_rows import EventRows
from genai_finops.attribution.formats.json_lines import exact_fractions, records
from genai_finops.attribution.formats.log_values import Defect, kind_of
from genai_finops.attribution.formats.otlp_names import CONSUMER_NAMES, CONTENT_STARTS, wanted_names
from genai_finops.attribution.formats.otlp_span import UNKNOWN_OPERATION, Span, SpanReader, attributes_of
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.errors import FinopsError

_INCLUDES = {"auto": None, "yes": True, "no": False, True: True, False: False}
_INCLUDES_OPTION = "input_includes_cache"
_OTHER_SIGNALS = ("resourceMetrics", "resourceLogs")
#: Costs are doubles, so that every double of a line that has costs is kept digit by digit.
_DOUBLES = exact_fractions("doubleValue")
_COST = b"cost"
#: A span that repeats what its child counts.
REPEATED_BY_PARENT = "repeated_by_parent"


class OtlpFormat:
    """`otlp`. Options: the places of consumers, and `input_includes_cache` (auto, yes, no)."""

    name = "otlp"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option and the remedy."""
        check_option_names(self.name, options, _INCLUDES_OPTION)
        refuse_content(consumer_places(options, CONSUMER_NAMES), CONTENT_STARTS)
        _input_includes_cache(options)

    @without_cycles()
    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of one piece."""
        places = consumer_places(options, CONSUMER_NAMES)
        return _Traces(places, _input_includes_cache(options)).read(piece)


def _input_includes_cache(options: Mapping[str, Any]) -> bool | None:
    value = options.get(_INCLUDES_OPTION, "auto")
    if not isinstance(value, str | bool) or value not in _INCLUDES:
        raise FinopsError(
            f"option {_INCLUDES_OPTION} is {value!r}",
            remedy="auto follows the conventions unless the counts prove otherwise; yes or no hold for all spans.",
        )
    return _INCLUDES[value]


class _Traces:
    def __init__(self, places: ConsumerPlaces, input_includes_cache: bool | None) -> None:
        self._wanted = wanted_names(places.fields())
        self._places = places
        self._reader = SpanReader(input_includes_cache)
        self._rows = EventRows()
        #: Spans that may be events, until it is known which of them are parents of others.
        self._spans: list[Span] = []

    def read(self, piece: Piece) -> PieceEvents:
        for line, record in records(piece, _DOUBLES, marker=_COST):
            try:
                self._record(line, record)
            except Defect as defect:
                self._rows.reject(line, str(defect))
        self._add_leaves()
        return self._rows.result()

    def _record(self, line: int, record: Any) -> None:
        if isinstance(record, Defect):
            raise record
        if type(record) is not dict:
            raise Defect(f"{kind_of(record)} in place of an object")
        batches = record.get("resourceSpans")
        if batches is None:
            if not any(name in record for name in _OTHER_SIGNALS):
                raise Defect("no resourceSpans: not a line of OTLP")
            self._rows.skipped += 1
            return
        for batch in _list(batches, "resourceSpans"):
            try:
                self._batch(line, batch)
            except Defect as defect:
                self._rows.reject(line, str(defect))

    def _batch(self, line: int, batch: Any) -> None:
        batch = _object(batch, "resourceSpans")
        resource = _object(batch.get("resource") or {}, "resource").get("attributes")
        _, shared = attributes_of(resource, self._wanted)
        for scope in _list(batch.get("scopeSpans"), "scopeSpans"):
            for span in _list(_object(scope, "scopeSpans").get("spans"), "spans"):
                self._span(line, span, shared)

    def _span(self, line: int, span: Any, shared: Mapping[str, Any]) -> None:
        try:
            found = self._reader.span(line, _object(span, "span"), self._wanted, shared, self._places)
        except Defect as defect:
            self._rows.reject(line, str(defect))
            return
        if isinstance(found, Span):
            self._spans.append(found)
            return
        self._rows.skipped += 1
        if found == UNKNOWN_OPERATION:
            self._rows.mended[found] += 1

    def _add_leaves(self) -> None:
        parents = {span.parent for span in self._spans if span.parent and span.counts_tokens}
        for span in self._spans:
            if span.id and span.id in parents:
                self._rows.skipped += 1
                self._rows.mended[REPEATED_BY_PARENT] += 1
                continue
            self._rows.add(span.line, span.request, span.counts, span.consumer, span.cost)


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if type(value) is not list:
        raise Defect(f"{name} is {kind_of(value)}, not a list")
    return value


def _object(value: Any, name: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise Defect(f"{name} holds {kind_of(value)} in place of an object")
    return value
