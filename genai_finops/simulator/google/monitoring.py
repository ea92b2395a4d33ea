"""Cloud Monitoring's lists: time series, aligned backwards from the interval's end, and metric descriptors."""

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genai_finops.simulator.google.errors import GoogleRefusal, invalid
from genai_finops.simulator.google.filters import Term, field_name, parse_filter, single_metric_type
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Stream
from genai_finops.simulator.wire import WireRequest, parse_whole

#: Fewer than a client may ask for, so that answers of the simulation come on several pages.
POINTS_PER_PAGE = 250
_MAX_PAGE_SIZE = 100_000
_DAY = dt.timedelta(days=1)
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
_ALIGNERS = ("ALIGN_NONE", "ALIGN_SUM", "ALIGN_DELTA", "ALIGN_RATE")
_REDUCERS = ("REDUCE_NONE", "REDUCE_SUM", "REDUCE_MAX")

#: Quantity of [start, end), an interval inside one UTC day.
Quantity = Callable[[dt.datetime, dt.datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric descriptor."""

    type: str
    labels: Sequence[str]
    resource_type: str
    kind: Literal["DELTA", "GAUGE"] = "DELTA"
    value_type: Literal["INT64", "DISTRIBUTION"] = "INT64"
    unit: str = "1"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a metric and where its values come from."""

    metric: Metric
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    quantity: Quantity

    @property
    def fields(self) -> dict[str, str]:
        """All that filters and groups can name."""
        return {
            "metric.type": self.metric.type,
            "resource.type": self.metric.resource_type,
            **{f"metric.labels.{name}": value for name, value in self.metric_labels.items()},
            **{f"resource.labels.{name}": value for name, value in self.resource_labels.items()},
        }


def of_stream(ledger: Ledger, stream: Stream, meter: str) -> Quantity:
    """The quantities of one meter of a stream."""
    return lambda start, end: ledger.between(stream, start, end).get(meter, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
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


@dataclass(slots=True)
class _Group:
    metric: Metric
    metric_labels: dict[str, str]
    resource_labels: dict[str, str]
    values: dict[dt.datetime, int] = field(default_factory=dict)

    @property
    def order(self) -> str:
        return json.dumps([self.metric_labels, self.resource_labels], sort_keys=True)


def list_time_series(
    request: WireRequest, metrics: Iterable[Metric], series: Iterable[Series], ledger: Ledger
) -> dict[str, Any]:
    """One page of `timeSeries.list`; `{}` where nothing is found. Raises Refusal.

    `metrics` are those that the project has ever used: the series of another one are refused, not empty.
    """
    query = _parse(request)
    metric = next((metric for metric in metrics if metric.type == query.metric_type), None)
    if metric is None:
        raise GoogleRefusal(
            404,
            f'Cannot find metric(s) that match type = "{query.metric_type}". If a metric was created recently, it '
            f"could take up to 10 minutes to become available. Please try again soon.",
        )
    groups = _groups(query, [one for one in series if one.metric.type == metric.type], ledger)
    entries = [(group, moment) for group in groups for moment in sorted(group.values, reverse=True)]
    shown = entries[query.position : query.position + query.limit]
    if not shown:
        return {}
    rendered: list[dict[str, Any]] = []
    last: _Group | None = None
    for group, moment in shown:
        if group is not last:
            rendered.append(_header(query, group))
            last = group
        if query.with_points:
            rendered[-1]["points"].append(_point(query, group, moment))
    answer: dict[str, Any] = {"timeSeries": rendered, "unit": metric.unit}
    position = query.position + len(shown)
    if position < len(entries):
        answer["nextPageToken"] = _page_token(query.digest, position)
    return answer


def list_metric_descriptors(request: WireRequest, project: str, metrics: Iterable[Metric]) -> dict[str, Any]:
    """One page of `metricDescriptors.list`. Raises Refusal."""
    terms = parse_filter(request.last("filter"))
    found = [
        metric
        for metric in metrics
        if all(term.holds({"metric.type": metric.type, "resource.type": metric.resource_type}) for term in terms)
    ]
    digest = _digest(request)
    position = _position(request, digest)
    limit = _page_size(request, 10_000)
    answer: dict[str, Any] = {}
    if shown := found[position : position + limit]:
        answer["metricDescriptors"] = [_descriptor(project, metric) for metric in shown]
    if position + limit < len(found):
        answer["nextPageToken"] = _page_token(digest, position + limit)
    return answer


def _descriptor(project: str, metric: Metric) -> dict[str, Any]:
    return {
        "name": f"projects/{project}/metricDescriptors/{metric.type}",
        "labels": [{"key": name} for name in metric.labels],
        "metricKind": metric.kind,
        "valueType": metric.value_type,
        "unit": metric.unit,
        "description": metric.description,
        "displayName": metric.type.rpartition("/")[2],
        "type": metric.type,
        "metadata": {"launchStage": "BETA", "samplePeriod": "60s", "ingestDelay": "120s"},
        "launchStage": "BETA",
        "monitoredResourceTypes": [metric.resource_type],
    }


def _parse(request: WireRequest) -> _Query:
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
    digest = _digest(request)
    return _Query(
        terms=terms,
        metric_type=single_metric_type(terms),
        start=start,
        end=end,
        period=_HOUR if aligner == "ALIGN_NONE" else _alignment(request),
        aligner=aligner,
        reducer=reducer,
        group_by=tuple(_group_field(name) for name in request.values("aggregation.groupByFields")),
        with_points=request.last("view") != "HEADERS",
        limit=min(_page_size(request, _MAX_PAGE_SIZE), POINTS_PER_PAGE),
        position=_position(request, digest),
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


def _page_size(request: WireRequest, largest: int) -> int:
    text = request.last("pageSize")
    size = largest if text is None else parse_whole(text)
    if size is None or size < 0:
        raise invalid(f'Invalid value at "page_size" (TYPE_INT32), "{text}"')
    return min(size or largest, largest)


def _groups(query: _Query, series: Iterable[Series], ledger: Ledger) -> list[_Group]:
    groups: dict[tuple[tuple[str, str], ...], _Group] = {}
    for one in series:
        fields = one.fields
        if not all(term.holds(fields) for term in query.terms):
            continue
        if query.reducer == "REDUCE_NONE":
            kept = fields
        else:
            kept = {name: fields[name] for name in query.group_by if name in fields}
        values = dict(_aligned(query, one, ledger))
        if not values:
            continue
        group = groups.setdefault(
            tuple(sorted(kept.items())),
            _Group(one.metric, _labels(kept, "metric.labels."), _labels(kept, "resource.labels.")),
        )
        for moment, value in values.items():
            known = group.values.get(moment, 0)
            group.values[moment] = max(known, value) if query.reducer == "REDUCE_MAX" else known + value
    return sorted(groups.values(), key=lambda group: group.order)


def _labels(fields: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _aligned(query: _Query, series: Series, ledger: Ledger) -> Iterator[tuple[dt.datetime, int]]:
    """Values of the periods, counted back from the interval's end, by their end; periods without data have none."""
    scenario = ledger.scenario
    first = dt.datetime.combine(scenario.first_day, dt.time(0), tzinfo=dt.UTC)
    last = min(dt.datetime.combine(scenario.last_day, dt.time(0), tzinfo=dt.UTC) + _DAY, ledger.now)
    skipped = max(0, (query.end - last) // query.period)
    end = query.end - skipped * query.period
    while end > max(query.start, first):
        start = max(end - query.period, query.start)
        value = sum(series.quantity(*part) for part in _within_days(start, end))
        if value:
            yield end, value
        end -= query.period


def _within_days(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    while start < end:
        midnight = dt.datetime.combine(start.date(), dt.time(0), tzinfo=dt.UTC) + _DAY
        yield start, min(midnight, end)
        start = midnight


def _header(query: _Query, group: _Group) -> dict[str, Any]:
    is_rate = query.aligner == "ALIGN_RATE"
    header: dict[str, Any] = {
        "metric": {"type": group.metric.type, "labels": group.metric_labels},
        "resource": {"type": group.metric.resource_type, "labels": group.resource_labels},
        "metricKind": "GAUGE" if is_rate else group.metric.kind,
        "valueType": "DOUBLE" if is_rate else group.metric.value_type,
    }
    if query.with_points:
        header["points"] = []
    return header


def _point(query: _Query, group: _Group, end: dt.datetime) -> dict[str, Any]:
    value = group.values[end]
    if query.aligner == "ALIGN_RATE":
        shown: dict[str, Any] = {"doubleValue": value / query.period.total_seconds()}
    elif group.metric.value_type == "DISTRIBUTION":
        shown = {"distributionValue": {"count": "1", "mean": value}}
    else:
        shown = {"int64Value": str(value)}
    return {
        "interval": {"startTime": _instant(max(end - query.period, query.start)), "endTime": _instant(end)},
        "value": shown,
    }


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _digest(request: WireRequest) -> str:
    """Names a query: everything but the page token, in any order."""
    asked = sorted((name, value) for name, value in request.params if name != "pageToken")
    return hashlib.sha256(json.dumps([request.path, asked]).encode()).hexdigest()[:16]


def _page_token(digest: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{digest}:{position}".encode()).decode()


def _position(request: WireRequest, digest: str) -> int:
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
