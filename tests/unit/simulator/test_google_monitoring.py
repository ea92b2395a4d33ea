"""The simulated Cloud Monitoring: the rules of its documentation, and none that is tidier."""

import datetime as dt
from typing import Any

import pytest

from genai_finops.simulator.google.errors import GoogleRefusal
from genai_finops.simulator.google.filters import parse_filter, single_metric_type
from genai_finops.simulator.google.monitoring import (
    Metric,
    Series,
    list_metric_descriptors,
    list_time_series,
    of_levels,
)
from genai_finops.simulator.google.series_query import POINTS_PER_PAGE
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.wire import Refusal, WireRequest

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
LEDGER = Ledger(Scenario(), NOW)
COUNT = Metric(type="example.com/count", labels=("kind",), resource_type="example.com/Thing")
HISTOGRAM = Metric(
    type="example.com/sizes", labels=("kind",), resource_type="example.com/Thing", value_type="DISTRIBUTION"
)
LIMIT = Metric(type="example.com/limit", labels=(), resource_type="example.com/Thing", kind="GAUGE")
HOUR = dt.timedelta(hours=1)


def series(kind: str, location: str = "global", per_hour: int = 10, metric: Metric = COUNT) -> Series:
    return Series(
        metric=metric,
        metric_labels={"kind": kind},
        resource_labels={"location": location},
        quantity=lambda start, end: per_hour * int((end - start) / HOUR),
    )


def request(**changes: Any) -> WireRequest:
    params = {
        "filter": 'metric.type = "example.com/count"',
        "interval.startTime": "2026-10-10T00:00:00Z",
        "interval.endTime": "2026-10-12T00:00:00Z",
        "aggregation.alignmentPeriod": "86400s",
        "aggregation.perSeriesAligner": "ALIGN_SUM",
        **{name.replace("__", "."): value for name, value in changes.items()},
    }
    pairs = [
        (name, one)
        for name, value in params.items()
        if value is not None
        for one in (value if isinstance(value, list) else [value])
    ]
    return WireRequest(path="/v3/projects/p/timeSeries", params=pairs, headers={})


def answer(*found: Series, **changes: Any) -> dict[str, Any]:
    return list_time_series(request(**changes), (COUNT, HISTOGRAM, LIMIT), found or (series("a"),), LEDGER)


def values(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (point["interval"]["endTime"], point["value"]["int64Value"])
        for one in payload["timeSeries"]
        for point in one["points"]
    ]


def test_points_are_newest_first_and_whole_numbers_are_text():
    assert values(answer()) == [("2026-10-12T00:00:00Z", "240"), ("2026-10-11T00:00:00Z", "240")]


def test_periods_are_counted_back_from_the_end_of_the_interval():
    payload = answer(interval__endTime="2026-10-11T18:00:00Z")
    assert values(payload) == [("2026-10-11T18:00:00Z", "240"), ("2026-10-10T18:00:00Z", "180")]


def test_nothing_found_is_an_empty_object():
    assert answer(interval__startTime="2025-01-01T00:00:00Z", interval__endTime="2025-01-02T00:00:00Z") == {}


def test_labels_that_are_not_grouped_by_vanish():
    payload = answer(
        series("a"),
        series("b"),
        aggregation__crossSeriesReducer="REDUCE_SUM",
        aggregation__groupByFields=["resource.label.location"],
    )
    (one,) = payload["timeSeries"]
    assert (one["metric"]["labels"], one["resource"]["labels"]) == ({}, {"location": "global"})
    assert values(payload)[0][1] == "480"


def test_the_maximum_of_series_is_no_sum():
    payload = answer(series("a", per_hour=10), series("b", per_hour=30), aggregation__crossSeriesReducer="REDUCE_MAX")
    assert values(payload)[0][1] == "720"


def test_a_series_is_split_over_pages():
    wide = {"aggregation__alignmentPeriod": "60s", "interval__endTime": "2026-10-10T10:00:00Z"}
    found = Series(
        metric=COUNT,
        metric_labels={"kind": "a"},
        resource_labels={},
        quantity=lambda *_: 1,
    )
    first = answer(found, **wide)
    second = answer(found, **wide, pageToken=first["nextPageToken"])
    assert [len(payload["timeSeries"][0]["points"]) for payload in (first, second)] == [POINTS_PER_PAGE] * 2
    assert first["timeSeries"][0]["metric"] == second["timeSeries"][0]["metric"]


def test_a_page_token_of_another_query_is_refused():
    token = answer(series("a"), series("b"), pageSize="1")["nextPageToken"]
    with pytest.raises(Refusal, match="pageToken"):
        answer(series("a"), series("b"), pageToken=token)


def test_a_histogram_has_no_whole_number():
    payload = answer(series("a", metric=HISTOGRAM), filter='metric.type = "example.com/sizes"')
    assert list(payload["timeSeries"][0]["points"][0]["value"]) == ["distributionValue"]


def test_a_rate_is_a_fraction_and_a_gauge():
    payload = answer(aggregation__perSeriesAligner="ALIGN_RATE")
    (one,) = payload["timeSeries"]
    assert (one["metricKind"], one["points"][0]["value"]) == ("GAUGE", {"doubleValue": 240 / 86400})


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}Z")


def means(*levels: tuple[str, int | None], **changes: Any) -> dict[str, float]:
    shown = of_levels(LEDGER, [(at(moment), level) for moment, level in levels])
    gauge = Series(metric=LIMIT, metric_labels={}, resource_labels={}, mean=shown)
    asked = {
        "filter": 'metric.type = "example.com/limit"',
        "aggregation__alignmentPeriod": "3600s",
        "aggregation__perSeriesAligner": "ALIGN_MEAN",
        **changes,
    }
    (one,) = answer(gauge, **asked)["timeSeries"]
    assert (one["metricKind"], one["valueType"]) == ("GAUGE", "DOUBLE")
    return {point["interval"]["endTime"][8:16]: point["value"]["doubleValue"] for point in one["points"]}


def test_the_mean_of_a_gauge_that_changes_within_the_hour_is_a_fraction_of_seconds():
    hours = {"interval__startTime": "2026-10-10T08:00:00Z", "interval__endTime": "2026-10-10T11:00:00Z"}
    found = means(("2026-10-01T00:00", 2), ("2026-10-10T09:40", 3), **hours)
    assert found == {"10T11:00": 3.0, "10T10:00": 7 / 3, "10T09:00": 2.0}


def test_a_gauge_without_a_level_has_no_points_and_one_that_begins_late_is_no_less():
    hours = {"interval__startTime": "2026-10-10T08:00:00Z", "interval__endTime": "2026-10-10T11:00:00Z"}
    assert means(("2026-10-10T09:40", 4), ("2026-10-10T10:00", None), **hours) == {"10T10:00": 4.0}


def test_a_gauge_goes_on_after_the_last_day_of_traffic_until_now():
    hours = {"interval__startTime": "2026-11-05T04:00:00Z", "interval__endTime": "2026-11-05T09:00:00Z"}
    assert means(("2026-10-01T00:00", 2), **hours) == {"05T06:00": 2.0, "05T05:00": 2.0}


@pytest.mark.parametrize(("metric", "aligner"), [("limit", "ALIGN_RATE"), ("count", "ALIGN_MEAN")])
def test_an_aligner_of_another_kind_of_metric_is_refused(metric, aligner):
    changes = {"filter": f'metric.type = "example.com/{metric}"', "aggregation__perSeriesAligner": aligner}
    with pytest.raises(Refusal, match="cannot be applied"):
        answer(**changes)


def test_headers_come_without_points():
    assert "points" not in answer(view="HEADERS")["timeSeries"][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filter": None}, r"exactly one metric\.type"),
        ({"filter": 'metric.type = starts_with("example.com")'}, r"exactly one metric\.type"),
        ({"filter": 'metric.type = "a" AND metric.type = "b"'}, r"exactly one metric\.type"),
        ({"filter": 'metric.type = "a" OR metric.type = "b"'}, "joined by AND"),
        ({"filter": "tokens > 3"}, "cannot be parsed"),
        ({"interval__endTime": None}, "endTime is required"),
        ({"interval__endTime": "2026-10-01T00:00:00Z"}, "must not be before"),
        ({"interval__endTime": "2026-10-12T00:00:00"}, "timestamp"),
        ({"aggregation__alignmentPeriod": "30s"}, "at least 60s"),
        ({"aggregation__alignmentPeriod": None}, "at least 60s"),
        ({"aggregation__perSeriesAligner": "ALIGN_FAST"}, "perSeriesAligner"),
        ({"aggregation__perSeriesAligner": None, "aggregation__crossSeriesReducer": "REDUCE_SUM"}, "must be set"),
        ({"aggregation__groupByFields": "kind"}, "groupByFields"),
        ({"orderBy": "x"}, "not supported"),
        ({"pageSize": "many"}, "page_size"),
        ({"limit": "5"}, "Unknown name"),
    ],
)
def test_questions_that_google_refuses_are_refused(changes, message):
    with pytest.raises(Refusal, match=message) as refused:
        answer(**changes)
    assert refused.value.status == 400


def test_the_series_of_a_metric_that_the_project_never_used_are_not_found():
    with pytest.raises(GoogleRefusal, match="Cannot find metric") as refused:
        answer(filter='metric.type = "example.com/other"')
    assert refused.value.status == 404


def test_series_are_filtered_by_labels():
    payload = answer(
        series("a", "us-central1"),
        series("b", "global"),
        filter='metric.type = "example.com/count" AND resource.labels.location != "global"',
    )
    assert [one["metric"]["labels"]["kind"] for one in payload["timeSeries"]] == ["a"]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('metric.labels.kind = "a"', True),
        ('metric.label."kind" = "b"', False),
        ('metric.labels.kind = one_of("b", "a")', True),
        ('metric.labels.kind = monitoring.regex.full_match("[ab]")', True),
        ('metric.labels.kind != starts_with("a")', False),
        ('metric.labels.missing = "a"', False),
    ],
)
def test_terms_of_a_filter(text, holds):
    (term,) = parse_filter(text)
    assert term.holds(series("a").fields) is holds


def test_the_metric_type_of_a_filter_with_other_terms():
    assert single_metric_type(parse_filter('resource.type="x" AND metric.type="y"')) == "y"


def test_metrics_are_listed_by_prefix_with_their_labels_and_on_pages():
    def listed(**more: str) -> dict[str, Any]:
        asked = {"filter": 'metric.type = starts_with("example.com/")', "pageSize": "1", **more}
        wire = WireRequest(path="/v3/projects/p/metricDescriptors", params=list(asked.items()), headers={})
        return list_metric_descriptors(wire, "p", (COUNT, HISTOGRAM))

    first = listed()
    second = listed(pageToken=first["nextPageToken"])
    found = [*first["metricDescriptors"], *second["metricDescriptors"]]
    assert [(one["type"], one["labels"]) for one in found] == [
        ("example.com/count", [{"key": "kind"}]),
        ("example.com/sizes", [{"key": "kind"}]),
    ]
    assert "nextPageToken" not in second
