"""Google Cloud Monitoring v3: aligned time series of a project, and which metrics it has.

What is read is sums of DELTA INT64 metrics or their maxima, and means of GAUGE metrics. A value belongs to the period
that ends at its endTime, and periods are counted back from the end of the interval that was asked for.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    PermanentProviderError,
    TransientProviderError,
    Window,
)
from genai_finops.providers.http import Params, ProviderSession
from genai_finops.providers.pagination import cursor_pages
from genai_finops.providers.records import Record, UnknownFields

SCOPE = "https://www.googleapis.com/auth/monitoring.read"

Aligner = Literal["ALIGN_SUM", "ALIGN_DELTA", "ALIGN_MEAN"]
Reducer = Literal["REDUCE_SUM", "REDUCE_MAX"]

#: Project ids, with the domain of old ones, and project numbers.
_PROJECT = re.compile(r"(?:[a-z0-9.-]{1,62}:)?[a-z0-9][a-z0-9-]{3,61}")
_METRIC_TYPE = re.compile(r'metric\.type\s*=\s*"([^"]+)"')
_WHOLE = re.compile(r"-?\d{1,30}")
_DAY_SECONDS = 86_400

_ANSWER_FIELDS = frozenset({"timeSeries", "nextPageToken", "unit", "executionErrors", "unreachable"})
_SERIES_FIELDS = frozenset(
    {"metric", "resource", "metadata", "metricKind", "valueType", "points", "unit", "description"}
)
_TYPED_FIELDS = frozenset({"type", "labels"})
_POINT_FIELDS = frozenset({"interval", "value"})
_INTERVAL_FIELDS = frozenset({"startTime", "endTime"})
_TOO_LARGE = 10**20
_VALUE_TYPES = frozenset({"INT64", "DOUBLE"})


class Interval(NamedTuple):
    """Half-open UTC interval [start, end) in whole seconds; a Window where it is not of whole days."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of one series: the quantity of [start, end), or the mean of a gauge in it."""

    metric_type: str
    metric_labels: Mapping[str, str]
    resource_type: str
    resource_labels: Mapping[str, str]
    start: dt.datetime
    end: dt.datetime
    #: A whole number, but for means.
    value: Decimal
    #: SHA-256 of the page.
    page: str

    @property
    def identity(self) -> tuple[object, ...]:
        """What no two points of one fetch have in common."""
        return (
            self.metric_type,
            frozenset(self.metric_labels.items()),
            self.resource_type,
            frozenset(self.resource_labels.items()),
            self.end,
        )


def time_series(
    session: ProviderSession,
    project: str,
    metric_filter: str,
    window: Window | Interval,
    *,
    provider: str,
    source: str,
    group_by: Sequence[str],
    page_size: int,
    max_pages: int,
    aligner: Aligner = "ALIGN_SUM",
    reducer: Reducer = "REDUCE_SUM",
    alignment_seconds: int = _DAY_SECONDS,
    host: str = "base_url",
) -> Iterator[Page]:
    """Every page of one metric's series in the window, aligned and reduced to the fields of `group_by`.

    `metric_filter` names exactly one metric type. ALIGN_SUM is for counts: ALIGN_DELTA makes up values for periods
    without data. ALIGN_MEAN is for gauges: the mean of the samples that there are in a period. Raises ProviderError,
    TransientProviderError for an answer that says itself that it is partial.
    """
    subject = f"{provider} {source}"
    if len(_METRIC_TYPE.findall(metric_filter)) != 1:
        raise ValueError(f"{subject}: filter {metric_filter!r} must name exactly one metric.type")
    params = [
        ("filter", metric_filter),
        ("interval.startTime", _instant(window.start)),
        # The end of the last day, even where that is in the future: periods are anchored here.
        ("interval.endTime", _instant(window.end)),
        ("aggregation.alignmentPeriod", f"{alignment_seconds}s"),
        ("aggregation.perSeriesAligner", aligner),
        ("aggregation.crossSeriesReducer", reducer),
        *(("aggregation.groupByFields", field) for field in group_by),
        ("view", "FULL"),
        ("pageSize", str(page_size)),
    ]
    recorded = {
        "filter": metric_filter,
        "start": _instant(window.start),
        "end": _instant(window.end),
        "alignment_seconds": str(alignment_seconds),
        **({"aligner": aligner} if aligner == "ALIGN_MEAN" else {}),
    }

    def get(asked: Params) -> Page:
        page = session.get(
            f"/v3/projects/{project_segment(project, provider)}/timeSeries",
            source=source,
            params=asked,
            recorded=recorded,
            host=host,
        )
        _refuse_partial(page, subject)
        return page

    return cursor_pages(
        get, params, subject=subject, max_pages=max_pages, cursor="nextPageToken", parameter="pageToken"
    )


def series_points(page: Page, *, provider: str, unknown: UnknownFields) -> Iterator[Point]:
    """The points of one page, none merged; an answer without series has none.

    Raises MalformedPageError for a value that is no whole number as text (of a mean: no number), for a period that is
    none of those asked for, for unknown fields that may be usage, and TransientProviderError for a partial answer.
    """
    answer = Record.of(page.content, provider=provider, page=page, place="body")
    _refuse_partial(page, f"{provider} {page.source}")
    unknown.add(answer, _ANSWER_FIELDS)
    if "timeSeries" not in answer.content:
        return
    for series in answer.children("timeSeries"):
        yield from _points_of(series, unknown)


def distinct_points(pages: Iterable[Page], *, provider: str, unknown: UnknownFields) -> Iterator[Point]:
    """The points of all pages of a fetch. Raises as series_points, MalformedPageError also for a point that comes
    twice: one series may be split over pages, but none of its points repeated.
    """
    seen: set[tuple[object, ...]] = set()
    for page in pages:
        for point in series_points(page, provider=provider, unknown=unknown):
            if point.identity in seen:
                raise MalformedPageError(
                    f"{provider} {page.source}: the point of {point.metric_type} {dict(point.metric_labels)} "
                    f"{dict(point.resource_labels)} that ends at {point.end.isoformat()} comes twice "
                    f"(page {page.sha256})"
                )
            seen.add(point.identity)
            yield point


def metric_descriptors(
    session: ProviderSession,
    project: str,
    prefix: str,
    *,
    provider: str,
    page_size: int,
    max_pages: int,
    source: str = "metricDescriptors",
    host: str = "base_url",
) -> dict[str, frozenset[str]]:
    """The metric types of the project that begin with `prefix`, each with the names of its labels.

    A metric is there once the project has ever used it; asking for the series of another one is refused. Raises
    ProviderError.
    """
    path = f"/v3/projects/{project_segment(project, provider)}/metricDescriptors"
    pages = cursor_pages(
        lambda asked: session.get(path, source=source, params=asked, host=host),
        [("filter", f'metric.type = starts_with("{prefix}")'), ("pageSize", str(page_size))],
        subject=f"{provider} {source}",
        max_pages=max_pages,
        cursor="nextPageToken",
        parameter="pageToken",
    )
    return {name: labels for page in pages for name, labels in _described(page, provider)}


def refuse_expired(window: Window, now: dt.datetime, *, provider: str, retention_days: int) -> None:
    """Raise PermanentProviderError for a window that begins before what Cloud Monitoring still has."""
    earliest = now.date() - dt.timedelta(days=retention_days)
    if window.start.date() < earliest:
        raise PermanentProviderError(
            f"{provider}: day {window.start.date().isoformat()} is older than the {retention_days} days that Cloud "
            f"Monitoring keeps; ask for days from {earliest.isoformat()}"
        )


def project_segment(project: str, provider: str) -> str:
    """The project as part of a path. Raises PermanentProviderError for what is no project id."""
    if not _PROJECT.fullmatch(project):
        raise PermanentProviderError(
            f"{provider}: account id {project!r} is no Google Cloud project id; add the account under its project id"
        )
    return quote(project, safe=":")


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _refuse_partial(page: Page, subject: str) -> None:
    content = page.content if isinstance(page.content, dict) else {}
    for name in ("executionErrors", "unreachable"):
        if content.get(name):
            raise TransientProviderError(
                f"{subject}: the answer is partial, {name} is {str(content[name])[:200]} (page {page.sha256}); "
                f"run the partition again later"
            )


def _described(page: Page, provider: str) -> Iterator[tuple[str, frozenset[str]]]:
    answer = Record.of(page.content, provider=provider, page=page, place="body")
    if "metricDescriptors" not in answer.content:
        return
    for descriptor in answer.children("metricDescriptors"):
        labels = descriptor.children("labels") if "labels" in descriptor.content else ()
        yield _text(descriptor, "type"), frozenset(_text(label, "key") for label in labels)


def _points_of(series: Record, unknown: UnknownFields) -> Iterator[Point]:
    unknown.add(series, _SERIES_FIELDS)
    metric, resource = series.child("metric"), series.child("resource")
    for typed in (metric, resource):
        unknown.add(typed, _TYPED_FIELDS)
    metric_type = _text(metric, "type")
    asked = _METRIC_TYPE.findall(series.page.request.get("filter", ""))
    if asked and asked != [metric_type]:
        metric.fail(f"field type is {metric_type!r}, which was not asked for")
    value_type = _text(series, "valueType")
    is_mean = series.page.request.get("aligner") == "ALIGN_MEAN"
    if value_type not in _VALUE_TYPES or (value_type == "DOUBLE" and not is_mean):
        series.fail(f"field valueType is {value_type!r} of {metric_type}, not INT64; only counts can be added up")
    metric_labels, resource_labels = _labels(metric), _labels(resource)
    for point in series.children("points"):
        unknown.add(point, _POINT_FIELDS)
        start, end = _period(point, unknown)
        yield Point(
            metric_type=metric_type,
            metric_labels=metric_labels,
            resource_type=_text(resource, "type"),
            resource_labels=resource_labels,
            start=start,
            end=end,
            value=_count(point) if value_type == "INT64" else _mean(point),
            page=series.page.sha256,
        )


def _labels(typed: Record) -> dict[str, str]:
    """The labels that have a value; one that is missing and one that is empty say the same."""
    labels = typed.content.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        typed.fail("field labels is no object of texts")
    return {str(name): value for name, value in labels.items() if value}


def _period(point: Record, unknown: UnknownFields) -> tuple[dt.datetime, dt.datetime]:
    interval = point.child("interval")
    unknown.add(interval, _INTERVAL_FIELDS)
    end = _moment(interval, "endTime")
    asked = point.page.request
    width = dt.timedelta(seconds=int(asked["alignment_seconds"]))
    first, last = dt.datetime.fromisoformat(asked["start"]), dt.datetime.fromisoformat(asked["end"])
    start = end - width
    if start < first or end > last:
        interval.fail(
            f"the period that ends at {end.isoformat()} is outside the window {first.isoformat()} to {last.isoformat()}"
        )
    if (last - end) % width:
        interval.fail(f"endTime {end.isoformat()} is not a whole number of periods before {last.isoformat()}")
    # Some series begin a period a moment late; the end alone decides.
    if "startTime" in interval.content and not start <= _moment(interval, "startTime") <= end:
        interval.fail(f"startTime is not within the {width} before {end.isoformat()}")
    return start, end


def _only(point: Record, name: str) -> Any:
    value = point.child("value")
    kinds = sorted(value.content)
    if kinds != [name]:
        value.fail(f"value has {', '.join(kinds) or 'no field'} in place of {name}")
    return value.content[name]


def _count(point: Record) -> Decimal:
    text = _only(point, "int64Value")
    # JSON of Google's interfaces writes 64-bit integers as text.
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        point.fail(f"field int64Value is {text!r}, not a whole number as text")
    number = Decimal(text)
    if not 0 <= number < _TOO_LARGE:
        point.fail(f"field int64Value is {number}, not a count of at most 20 digits")
    return number


def _mean(point: Record) -> Decimal:
    value = _only(point, "doubleValue")
    # Of numbers that are none, the interfaces write the name as text.
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _TOO_LARGE:
        point.fail(f"field doubleValue is {value!r}, not a number between 0 and {_TOO_LARGE}")
    return Decimal(value)


def _moment(record: Record, name: str) -> dt.datetime:
    value: Any = record.text(name)
    try:
        moment = dt.datetime.fromisoformat(value or "")
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    if moment.utcoffset() is None:
        record.fail(f"field {name} is {value!r}, without a time zone")
    return moment.astimezone(dt.UTC)


def _text(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value
