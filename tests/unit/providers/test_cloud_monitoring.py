"""Cloud Monitoring's answers, read strictly: every rule of its wire format."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    PermanentProviderError,
    TransientProviderError,
    Window,
)
from genai_finops.providers.cloud_monitoring import (
    Interval,
    distinct_points,
    metric_descriptors,
    refuse_expired,
    series_points,
    time_series,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import HeaderAuth, ProviderSession, SessionOptions, page_of
from genai_finops.providers.records import UnknownFields
from genai_finops.providers.redaction import Redactor

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
TYPE = "aiplatform.googleapis.com/publisher/online_serving/token_count"
FILTER = f'metric.type = "{TYPE}"'
TWO_DAYS = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 2))
ASKED = {
    "filter": FILTER,
    "start": "2026-10-01T00:00:00Z",
    "end": "2026-10-03T00:00:00Z",
    "alignment_seconds": "86400",
}


class Unlimited:
    def acquire(self) -> float:
        return 0.0


def session_over(*answers: Any, asked: list[httpx.Request] | None = None) -> ProviderSession:
    left = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return httpx.Response(200, json=left.pop(0))

    return ProviderSession(
        load_provider_configs(CONFIGS, {})["gcp_vertex"],
        auth=HeaderAuth("Authorization", "Bearer token-of-a-test"),
        redactor=Redactor(()),
        options=SessionOptions(transport=httpx.MockTransport(handler), rate_limiter=Unlimited()),
    )


def read(session: ProviderSession, metric_filter: str = FILTER, **more: Any) -> list[Page]:
    values = {"group_by": ["metric.labels.type"], "page_size": 1000, "max_pages": 5, **more}
    with session:
        return list(
            time_series(session, "acme-prod-1", metric_filter, TWO_DAYS, provider="gcp_vertex", source="t", **values)
        )


def point(value: Any = "100", end: str = "2026-10-02T00:00:00Z", **interval: str) -> dict[str, Any]:
    return {"interval": {"endTime": end, **interval}, "value": {"int64Value": value}}


def series(*points: Any, **changes: Any) -> dict[str, Any]:
    return {
        "metric": {"type": TYPE, "labels": {"type": "input"}},
        "resource": {"type": "aiplatform.googleapis.com/PublisherModel", "labels": {"location": "global"}},
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": list(points),
        **changes,
    }


def page(*found: dict[str, Any], **more: Any) -> Page:
    body = json.dumps({"timeSeries": list(found), "unit": "1", **more}).encode()
    return page_of(body, source="token_count", request=ASKED)


def points_of(*pages: Page) -> list[Any]:
    return list(distinct_points(pages, provider="gcp_vertex", unknown=UnknownFields()))


def values_of(*pages: Page) -> list[int]:
    return [found.value for found in points_of(*pages)]


def test_an_answer_without_series_is_an_empty_object():
    assert points_of(page_of(b"{}", source="token_count", request=ASKED)) == []


def test_whole_numbers_come_as_text():
    assert values_of(page(series(point("9223372036854775807")))) == [9223372036854775807]


@pytest.mark.parametrize("value", [100, 1.5, "1.5", "", "many", None, True, "1e3", "0x10"])
def test_a_value_that_is_no_whole_number_as_text_is_refused(value):
    with pytest.raises(MalformedPageError, match="int64Value"):
        values_of(page(series(point(value))))


@pytest.mark.parametrize("value", ["-1", "1" + "0" * 20])
def test_a_value_that_is_no_count_is_refused(value):
    with pytest.raises(MalformedPageError, match="not a count"):
        values_of(page(series(point(value))))


def test_the_period_is_the_one_that_ends_with_the_point():
    (found,) = points_of(page(series(point(end="2026-10-03T00:00:00Z"))))
    assert (found.start.isoformat(), found.end.isoformat()) == (
        "2026-10-02T00:00:00+00:00",
        "2026-10-03T00:00:00+00:00",
    )


@pytest.mark.parametrize("start", ["2026-10-01T00:00:00Z", "2026-10-01T00:00:00.000000001Z", "2026-10-01T00:00:01Z"])
def test_a_period_may_begin_a_moment_late(start):
    (found,) = points_of(page(series(point(startTime=start))))
    assert found.start == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("start", ["2026-09-30T23:59:59Z", "2026-10-02T00:00:01Z"])
def test_a_period_of_another_length_than_asked_for_is_refused(start):
    with pytest.raises(MalformedPageError, match="startTime"):
        points_of(page(series(point(startTime=start))))


@pytest.mark.parametrize("end", ["2026-10-01T00:00:00Z", "2026-10-04T00:00:00Z"])
def test_a_period_outside_the_window_is_refused(end):
    with pytest.raises(MalformedPageError, match="outside the window"):
        points_of(page(series(point(end=end))))


def test_a_period_that_does_not_count_back_from_the_end_of_the_window_is_refused():
    with pytest.raises(MalformedPageError, match="whole number of periods"):
        points_of(page(series(point(end="2026-10-02T06:00:00Z"))))


@pytest.mark.parametrize("end", ["2026-10-02T00:00:00", "yesterday", 7])
def test_a_time_that_is_none_is_refused(end):
    with pytest.raises(MalformedPageError, match="endTime"):
        points_of(page(series(point(end=end))))


def test_a_series_that_is_split_over_pages_is_whole_again():
    pages = [page(series(point("5", end="2026-10-03T00:00:00Z"))), page(series(point("7")))]
    assert sum(values_of(*pages)) == 12


def test_a_point_that_comes_on_two_pages_is_refused_because_it_would_count_twice():
    with pytest.raises(MalformedPageError, match="comes twice"):
        points_of(page(series(point("5"))), page(series(point("5")), unit="2"))


def test_points_of_series_that_differ_in_a_label_are_not_the_same():
    other = series(point("7"), metric={"type": TYPE, "labels": {"type": "output"}})
    assert values_of(page(series(point("5")), other)) == [5, 7]


def test_a_distribution_is_refused_and_never_summed():
    distribution = {"interval": {"endTime": "2026-10-02T00:00:00Z"}, "value": {"distributionValue": {"count": "3"}}}
    with pytest.raises(MalformedPageError, match="valueType is 'DISTRIBUTION'"):
        points_of(page(series(distribution, valueType="DISTRIBUTION")))


@pytest.mark.parametrize(
    "value", [{"doubleValue": 1.5}, {"distributionValue": {"count": "3"}}, {}, {"int64Value": "1", "doubleValue": 2.5}]
)
def test_a_value_has_exactly_one_field_and_that_is_the_one_that_is_read(value):
    with pytest.raises(MalformedPageError, match="in place of int64Value"):
        points_of(page(series({"interval": {"endTime": "2026-10-02T00:00:00Z"}, "value": value})))


def test_a_metric_that_was_not_asked_for_is_refused():
    with pytest.raises(MalformedPageError, match="not asked for"):
        points_of(page(series(point(), metric={"type": f"{TYPE}s", "labels": {}})))


@pytest.mark.parametrize("name", ["metric", "resource", "points", "valueType"])
def test_a_series_that_lacks_a_part_is_refused(name):
    one = series(point())
    del one[name]
    with pytest.raises(MalformedPageError, match=name):
        points_of(page(one))


def mean(value: Any, **asked: str) -> Page:
    gauge = {"interval": {"endTime": "2026-10-02T00:00:00Z"}, "value": {"doubleValue": value}}
    body = json.dumps({"timeSeries": [series(gauge, metricKind="GAUGE", valueType="DOUBLE")]}).encode()
    return page_of(body, source="limit", request={**ASKED, **asked})


def test_the_mean_of_a_gauge_has_all_the_digits_that_were_written():
    assert values_of(mean(7 / 3, aligner="ALIGN_MEAN")) == [Decimal("2.3333333333333335")]


@pytest.mark.parametrize("value", [-0.5, "2.5", "NaN", True, None, 1e20])
def test_a_mean_that_is_no_number_is_refused(value):
    with pytest.raises(MalformedPageError, match="doubleValue"):
        values_of(mean(value, aligner="ALIGN_MEAN"))


def test_a_mean_is_refused_where_a_count_was_asked_for():
    with pytest.raises(MalformedPageError, match="valueType is 'DOUBLE'"):
        values_of(mean(2.5))


def test_an_interval_of_hours_is_asked_for_as_it_is():
    asked: list[httpx.Request] = []
    hours = Interval(TWO_DAYS.start, TWO_DAYS.start + dt.timedelta(hours=3))
    with session_over({}, asked=asked) as session:
        values: dict[str, Any] = {"group_by": [], "page_size": 9, "max_pages": 5, "alignment_seconds": 3600}
        values |= {"provider": "gcp_vertex", "source": "t", "aligner": "ALIGN_MEAN"}
        list(time_series(session, "acme-prod-1", FILTER, hours, **values))
    assert asked[0].url.params["interval.endTime"] == "2026-10-01T03:00:00Z"
    assert asked[0].url.params["aggregation.perSeriesAligner"] == "ALIGN_MEAN"


def test_an_empty_label_is_a_missing_one():
    (found,) = points_of(page(series(point(), metric={"type": TYPE, "labels": {"type": "input", "modality": ""}})))
    assert found.metric_labels == {"type": "input"}


def test_a_label_that_is_no_text_is_refused():
    with pytest.raises(MalformedPageError, match="labels"):
        points_of(page(series(point(), metric={"type": TYPE, "labels": {"type": 7}})))


def test_unknown_fields_without_quantities_are_reported(caplog):
    unknown = UnknownFields()
    list(series_points(page(series(point(), note={"text": "new"})), provider="gcp_vertex", unknown=unknown))
    unknown.report()
    assert "unknown_field=note" in caplog.text


def test_an_unknown_field_that_may_be_usage_is_refused():
    with pytest.raises(MalformedPageError, match="cachedTokens"):
        points_of(page(series(point(), cachedTokens=12)))


@pytest.mark.parametrize("name", ["executionErrors", "unreachable"])
def test_a_stored_answer_that_is_partial_is_refused_again(name):
    with pytest.raises(TransientProviderError, match=name):
        points_of(page(series(point()), **{name: ["something"]}))


def test_the_empty_lists_of_a_whole_answer_are_no_errors():
    assert values_of(page(series(point("1")), executionErrors=[], unreachable=[], nextPageToken="")) == [1]


@pytest.mark.parametrize("metric_filter", ["", 'resource.type = "x"', f'{FILTER} OR metric.type = "other"'])
def test_a_filter_without_exactly_one_metric_is_a_mistake_of_the_caller(metric_filter):
    with pytest.raises(ValueError, match=r"exactly one metric\.type"):
        read(session_over(), metric_filter)


def test_pages_are_followed_with_the_same_question():
    asked: list[httpx.Request] = []
    pages = read(session_over({"nextPageToken": "b"}, {"nextPageToken": ""}, asked=asked))
    assert len(pages) == 2
    assert asked[1].url.params == asked[0].url.params.set("pageToken", "b")


def test_an_empty_page_may_have_a_next_one():
    pages = read(session_over({"nextPageToken": "b"}, {"timeSeries": [series(point("3"))]}))
    assert values_of(*pages) == [3]


def test_the_order_is_not_asked_for_because_it_is_not_supported():
    asked: list[httpx.Request] = []
    read(session_over({}, asked=asked))
    assert "orderBy" not in asked[0].url.params


def test_a_page_token_that_is_no_text_is_refused():
    with pytest.raises(MalformedPageError, match="nextPageToken"):
        read(session_over({"nextPageToken": 7}))


def test_the_metrics_of_a_project_are_listed_with_their_labels():
    first = {"metricDescriptors": [{"type": "a", "labels": [{"key": "x"}, {"key": "y"}]}], "nextPageToken": "b"}
    second = {"metricDescriptors": [{"type": "b"}]}
    with session_over(first, second) as session:
        found = metric_descriptors(session, "acme-prod-1", "p", provider="gcp_vertex", page_size=1, max_pages=5)
    assert found == {"a": frozenset({"x", "y"}), "b": frozenset()}


def test_a_project_without_metrics_has_none():
    with session_over({}) as session:
        assert metric_descriptors(session, "acme-prod-1", "p", provider="v", page_size=1, max_pages=5) == {}


def test_a_window_that_begins_before_the_retention_names_the_first_day_there_is():
    now = dt.datetime(2026, 11, 13, 6, tzinfo=dt.UTC)
    with pytest.raises(PermanentProviderError, match="ask for days from 2026-10-02"):
        refuse_expired(TWO_DAYS, now, provider="gcp_vertex", retention_days=42)
