"""What a request asks of Cloud Monitoring: interval, alignment, grouping, page. Read as strictly as Google does."""

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from genai_finops.simulator.google.errors import invalid
from genai_finops.simulator.google.filters import Term, field_name, parse_filter, single_metric_type
from genai_finops.simulator.wire import WireRequest, parse_whole

#: Fewer than a client may ask for, so that answers of the simulation come on several pages.
POINTS_PER_PAGE = 250
_MAX_PAGE_SIZE = 100_000
_HOUR = dt.timedelta(hours=1)
_DURATION = re.compile(r"^(\d{1,9})s$")
_MIN_ALIGNMENT = 60
_PARAMETERS = frozenset(
    {
        "filter",
        "interval.startTime",
        "interval.endTime",
        "aggregation.alignmentPeriod",
        "aggregation.perSeriesAligner",
        "aggregation.crossSeriesReducer",
        "aggregation.groupByFields",
        "view",
        "pageSize",
        "pageToken",
        "orderBy",
        "alt",
        "prettyPrint",
        "$.xgafv",
    }
)
_ALIGNERS = ("ALIGN_NONE", "ALIGN_SUM", "ALIGN_DELTA", "ALIGN_RATE", "ALIGN_MEAN")
_REDUCERS = ("REDUCE_NONE", "REDUCE_SUM", "REDUCE_MAX")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """The question of `timeSeries.list`."""

    terms: tuple[Term, ...]
    metric_type: str
    start: dt.datetime
    end: dt.datetime
    period: dt.timedelta
    aligner: str
    reducer: str
    group_by: tuple[str, ...]
    with_points: bool
    limit: int
    position: int
    digest: str


def parse_query(request: WireRequest) -> SeriesQuery:
    """The question of a request. Raises Refusal for one that Google refuses."""
    for name, _ in request.params:
        if name not in _PARAMETERS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')
    if request.last("orderBy"):
        raise invalid("Field orderBy is not supported.")
    terms = parse_filter(request.last("filter"))
    end = _moment(request, "interval.endTime")
    start = end if request.last("interval.startTime") is None else _moment(request, "interval.startTime")
    if start > end:
        raise invalid("Field interval.endTime must not be before interval.startTime.")
    aligner = _choice(request, "aggregation.perSeriesAligner", _ALIGNERS)
    reducer = _choice(request, "aggregation.crossSeriesReducer", _REDUCERS)
    if aligner == "ALIGN_NONE" and reducer != "REDUCE_NONE":
        raise invalid("Field aggregation.perSeriesAligner must be set where aggregation.crossSeriesReducer is.")
    digest = query_digest(request)
    return SeriesQuery(
        terms=terms,
        metric_type=single_metric_type(terms),
        start=start,
        end=end,
        period=_HOUR if aligner == "ALIGN_NONE" else _alignment(request),
        aligner=aligner,
        reducer=reducer,
        group_by=tuple(_group_field(name) for name in request.values("aggregation.groupByFields")),
        with_points=request.last("view") != "HEADERS",
        limit=min(page_size(request, _MAX_PAGE_SIZE), POINTS_PER_PAGE),
        position=page_position(request, digest),
        digest=digest,
    )


def _choice(request: WireRequest, name: str, known: Sequence[str]) -> str:
    value = request.last(name) or known[0]
    if value not in known:
        raise invalid(f'Invalid value at "{name}": "{value}"')
    return value


def _moment(request: WireRequest, name: str) -> dt.datetime:
    text = request.last(name)
    if text is None:
        raise invalid(f"Field {name} is required.")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f'Invalid value at "{name}" (type.googleapis.com/google.protobuf.Timestamp), "{text}"') from None
    if moment.tzinfo is None:
        raise invalid(f'Field "{name}", Illegal timestamp format; timestamps must end with "Z" or have an offset.')
    return moment.astimezone(dt.UTC)


def _alignment(request: WireRequest) -> dt.timedelta:
    text = request.last("aggregation.alignmentPeriod") or ""
    match = _DURATION.match(text)
    if match is None or int(match.group(1)) < _MIN_ALIGNMENT:
        raise invalid(
            f'Field aggregation.alignmentPeriod had an invalid value of "{text}": The value must be at least 60s.'
        )
    return dt.timedelta(seconds=int(match.group(1)))


def _group_field(text: str) -> str:
    name = field_name(text)
    if not name.startswith(("metric.labels.", "resource.labels.", "resource.type", "metadata.")):
        raise invalid(f'Field aggregation.groupByFields had an invalid value of "{text}".')
    return name


def page_size(request: WireRequest, largest: int) -> int:
    """Entries that the client wants at most. Raises Refusal."""
    text = request.last("pageSize")
    size = largest if text is None else parse_whole(text)
    if size is None or size < 0:
        raise invalid(f'Invalid value at "page_size" (TYPE_INT32), "{text}"')
    return min(size or largest, largest)


def query_digest(request: WireRequest) -> str:
    """Names a query: everything but the page token, in any order."""
    asked = sorted((name, value) for name, value in request.params if name != "pageToken")
    return hashlib.sha256(json.dumps([request.path, asked]).encode()).hexdigest()[:16]


def page_token(digest: str, position: int) -> str:
    """The token of the page that begins with the entry at `position`."""
    return base64.urlsafe_b64encode(f"{digest}:{position}".encode()).decode()


def page_position(request: WireRequest, digest: str) -> int:
    """Where the page that is asked for begins. Raises Refusal for a token of another query."""
    text = request.last("pageToken")
    if not text:
        return 0
    try:
        found, _, position = base64.urlsafe_b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found, position = "", ""
    if found != digest or not position.isdigit():
        raise invalid("Field pageToken had an invalid value: it is not of this query.")
    return int(position)
