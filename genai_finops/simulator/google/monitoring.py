"""Cloud Monitoring's lists: time series, aligned backwards from the interval's end, and metric descriptors."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal
from weakref import WeakKeyDictionary

from genai_finops.simulator.google.errors import GoogleRefusal, invalid
from genai_finops.simulator.google.filters import parse_filter
from genai_finops.simulator.google.series_query import (
    SeriesQuery,
    page_position,
    page_size,
    page_token,
    parse_query,
    query_digest,
)
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Stream
from genai_finops.simulator.wire import WireRequest

_DAY = dt.timedelta(days=1)
_ALIGNERS_OF = {
    "DELTA": ("ALIGN_NONE", "ALIGN_SUM", "ALIGN_DELTA", "ALIGN_RATE"),
    "GAUGE": ("ALIGN_SUM", "ALIGN_MEAN"),
}

#: Quantity of [start, end), an interval inside one UTC day.
Quantity = Callable[[dt.datetime, dt.datetime], int]
#: Mean of a gauge's samples in [start, end); None where it has none.
Mean = Callable[[dt.datetime, dt.datetime], Fraction | None]


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
    """One series of a metric and where its values come from: `quantity` of a DELTA metric, or of a GAUGE the sum of its
    samples, and `mean` of a GAUGE.
    """

    metric: Metric
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    quantity: Quantity | None = None
    mean: Mean | None = None

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


def of_levels(ledger: Ledger, levels: Sequence[tuple[dt.datetime, int | None]]) -> Mean:
    """A gauge that shows each level from its moment on, None as nothing, as far as the clock has come.

    Levels change at whole minutes, which are the times of its samples.
    """
    ends = [*(moment for moment, _ in levels[1:]), dt.datetime.max.replace(tzinfo=dt.UTC)]

    def mean(start: dt.datetime, end: dt.datetime) -> Fraction | None:
        total = seconds = 0
        for (begins, level), stops in zip(levels, ends, strict=True):
            overlap = min(stops, end, ledger.now) - max(begins, start)
            if level is not None and overlap > dt.timedelta(0):
                total += level * int(overlap.total_seconds())
                seconds += int(overlap.total_seconds())
        return Fraction(total, seconds) if seconds else None

    return mean


@dataclass(slots=True)
class _Group:
    metric: Metric
    metric_labels: dict[str, str]
    resource_labels: dict[str, str]
    values: dict[dt.datetime, int | Fraction] = field(default_factory=dict)

    @property
    def order(self) -> str:
        return json.dumps([self.metric_labels, self.resource_labels], sort_keys=True)


class SeriesMemory:
    """What queries amount to, kept for their further pages until the clock moves on."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Ledger, dict[str, list[_Group]]] = WeakKeyDictionary()

    def groups(self, query: SeriesQuery, series: Iterable[Series], ledger: Ledger) -> list[_Group]:
        """The groups of a query; its digest names path and parameters, and so the project."""
        known = self._known.setdefault(ledger, {})
        if query.digest not in known:
            known[query.digest] = _groups(query, series, ledger)
        return known[query.digest]


def list_time_series(
    request: WireRequest,
    metrics: Iterable[Metric],
    series: Iterable[Series],
    ledger: Ledger,
    memory: SeriesMemory | None = None,
) -> dict[str, Any]:
    """One page of `timeSeries.list`; `{}` where nothing is found. Raises Refusal.

    `metrics` are those that the project has ever used: the series of another one are refused, not empty. A `memory` is
    of one simulated provider, whose series follow from project and ledger.
    """
    query = parse_query(request)
    metric = next((metric for metric in metrics if metric.type == query.metric_type), None)
    if metric is None:
        raise GoogleRefusal(
            404,
            f'Cannot find metric(s) that match type = "{query.metric_type}". If a metric was created recently, it '
            f"could take up to 10 minutes to become available. Please try again soon.",
        )
    _refuse_aligner(query.aligner, metric)
    own = (one for one in series if one.metric.type == metric.type)
    groups = (memory or SeriesMemory()).groups(query, own, ledger)
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
        answer["nextPageToken"] = page_token(query.digest, position)
    return answer


def list_metric_descriptors(request: WireRequest, project: str, metrics: Iterable[Metric]) -> dict[str, Any]:
    """One page of `metricDescriptors.list`. Raises Refusal."""
    terms = parse_filter(request.last("filter"))
    found = [
        metric
        for metric in metrics
        if all(term.holds({"metric.type": metric.type, "resource.type": metric.resource_type}) for term in terms)
    ]
    digest = query_digest(request)
    position = page_position(request, digest)
    limit = page_size(request, 10_000)
    answer: dict[str, Any] = {}
    if shown := found[position : position + limit]:
        answer["metricDescriptors"] = [_descriptor(project, metric) for metric in shown]
    if position + limit < len(found):
        answer["nextPageToken"] = page_token(digest, position + limit)
    return answer


def _refuse_aligner(aligner: str, metric: Metric) -> None:
    # Google aligns in more ways; nobody asks this simulation for them.
    if aligner not in _ALIGNERS_OF[metric.kind]:
        raise invalid(
            f'Field aggregation.perSeriesAligner had an invalid value of "{aligner}": The aligner cannot be applied to '
            f"metrics with kind {metric.kind} and value type {metric.value_type}."
        )


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


def _groups(query: SeriesQuery, series: Iterable[Series], ledger: Ledger) -> list[_Group]:
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


def _aligned(query: SeriesQuery, series: Series, ledger: Ledger) -> Iterator[tuple[dt.datetime, int | Fraction]]:
    """Values of the periods, counted back from the interval's end, by their end; periods without data have none."""
    if query.aligner == "ALIGN_MEAN" and series.mean is not None:
        yield from _means(query, series.mean, ledger)
    if query.aligner != "ALIGN_MEAN" and series.quantity is not None:
        yield from _sums(query, series.quantity, ledger)


def _means(query: SeriesQuery, mean: Mean, ledger: Ledger) -> Iterator[tuple[dt.datetime, Fraction]]:
    skipped = max(0, (query.end - ledger.now) // query.period)
    end = query.end - skipped * query.period
    while end > query.start:
        value = mean(max(end - query.period, query.start), end)
        if value is not None:
            yield end, value
        end -= query.period


def _sums(query: SeriesQuery, quantity: Quantity, ledger: Ledger) -> Iterator[tuple[dt.datetime, int]]:
    scenario = ledger.scenario
    first = dt.datetime.combine(scenario.first_day, dt.time(0), tzinfo=dt.UTC)
    last = min(dt.datetime.combine(scenario.last_day, dt.time(0), tzinfo=dt.UTC) + _DAY, ledger.now)
    skipped = max(0, (query.end - last) // query.period)
    end = query.end - skipped * query.period
    while end > max(query.start, first):
        start = max(end - query.period, query.start)
        value = sum(quantity(*part) for part in _within_days(start, end))
        if value:
            yield end, value
        end -= query.period


def _within_days(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    while start < end:
        midnight = dt.datetime.combine(start.date(), dt.time(0), tzinfo=dt.UTC) + _DAY
        yield start, min(midnight, end)
        start = midnight


def _header(query: SeriesQuery, group: _Group) -> dict[str, Any]:
    is_fraction = query.aligner in {"ALIGN_RATE", "ALIGN_MEAN"}
    header: dict[str, Any] = {
        "metric": {"type": group.metric.type, "labels": dict(group.metric_labels)},
        "resource": {"type": group.metric.resource_type, "labels": dict(group.resource_labels)},
        "metricKind": "GAUGE" if is_fraction else group.metric.kind,
        "valueType": "DOUBLE" if is_fraction else group.metric.value_type,
    }
    if query.with_points:
        header["points"] = []
    return header


def _point(query: SeriesQuery, group: _Group, end: dt.datetime) -> dict[str, Any]:
    value = group.values[end]
    if query.aligner == "ALIGN_RATE":
        shown: dict[str, Any] = {"doubleValue": float(value / Fraction(query.period.total_seconds()))}
    elif query.aligner == "ALIGN_MEAN":
        shown = {"doubleValue": float(value)}
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
