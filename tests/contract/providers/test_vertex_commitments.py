"""What Vertex AI's series say of provisioned throughput: one test for each way to count it wrongly."""

import datetime as dt
from decimal import Decimal

import httpx
import pytest

from genai_finops.providers.base import MalformedPageError, ProviderResource, Window

from .gcp_vertex_answers import PREFIX, point
from .scripted_source import DAY
from .vertex_capacity_answers import (
    LOCATION,
    MODEL,
    by_hour,
    capacity_answering,
    capacity_rows,
    capacity_source,
    counted,
    gauge,
    hour,
    limits,
    weighted,
)

#: Weighted tokens that one GSU of 650 tokens a second serves in an hour.
FULL = 2_340_000


def requests_of(window: Window = DAY, *, now: str = "2026-10-05T06:00:00+00:00", **more) -> list[httpx.Request]:
    asked: list[httpx.Request] = []
    answer = capacity_answering(**more)

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    with capacity_source(handler, now=now) as source:
        list(source.fetch(window))
    return [request for request in asked if request.url.path.endswith("/timeSeries")]


def test_what_is_drawn_is_the_weighted_tokens_over_what_a_gsu_serves_in_an_hour():
    rows = capacity_rows(weighted(hour(9, FULL // 2)), *limits({9: 2}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal("0.5")}
    assert by_hour(rows, "weighted_token") == {9: Decimal(FULL // 2)}
    assert by_hour(rows, "capacity_token") == {9: Decimal(2 * FULL)}


def test_what_is_drawn_is_rounded_down():
    rows = capacity_rows(weighted(hour(9, FULL - 1)), *limits({9: 1}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal("0.999999")}


def test_a_limit_that_changes_within_the_hour_loses_nothing_to_binary_fractions():
    # 7/3 and 650 times that: their quotient in floating point is a little less than 650.
    rows = capacity_rows(weighted(hour(9, FULL)), *limits({9: 7 / 3}, tokens={9: 4550 / 3}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal(1)}
    assert by_hour(rows, "capacity_token") == {9: Decimal(FULL * 7 // 3)}


def test_no_more_is_drawn_than_the_mean_limit_of_the_hour():
    rows = capacity_rows(weighted(hour(9, 9 * FULL)), *limits({9: 7 / 3}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal("2.333333")}
    assert by_hour(rows, "weighted_token") == {9: Decimal(9 * FULL)}


def test_each_hour_has_its_own_limit():
    rows = capacity_rows(weighted(hour(9, 5 * FULL), hour(8, 5 * FULL)), *limits({8: 2, 9: 3}))
    assert by_hour(rows, "gsu_hour") == {8: Decimal(2), 9: Decimal(3)}
    assert by_hour(rows, "capacity_token") == {8: Decimal(2 * FULL), 9: Decimal(3 * FULL)}


def test_an_hour_without_a_limit_takes_the_last_one_before_it():
    rows = capacity_rows(weighted(hour(9, 5 * FULL)), *limits({6: 1, 7: 2, 11: 3}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal(2)}
    assert sorted(by_hour(rows, "capacity_token")) == [6, 7, 11]


def test_an_hour_before_every_limit_takes_the_first_one():
    rows = capacity_rows(weighted(hour(9, 5 * FULL)), *limits({10: 2, 11: 3}))
    assert by_hour(rows, "gsu_hour") == {9: Decimal(2)}


@pytest.mark.parametrize(
    "known",
    [[], limits({9: 0.0}), [gauge("dedicated_gsu_limit", {9: 2})], [gauge("dedicated_token_limit", {9: 1300})]],
    ids=["none", "zero", "gsu-only", "tokens-only"],
)
def test_without_a_limit_nothing_is_said_of_gsu_and_the_log_says_so(known, caplog):
    rows = capacity_rows(weighted(hour(9, FULL)), *known)
    assert (by_hour(rows, "gsu_hour"), by_hour(rows, "weighted_token")) == ({}, {9: Decimal(FULL)})
    assert f"model={MODEL} location={LOCATION} hours=1 from=2026-10-01T09:00" in caplog.text


def test_a_limit_of_another_location_is_none_of_this_one():
    rows = capacity_rows(weighted(hour(9, FULL), location="us-central1"), *limits({9: 2}))
    assert by_hour(rows, "gsu_hour") == {}


def test_tokens_that_nobody_weighted_are_reported_because_their_order_seems_idle(caplog):
    rows = capacity_rows(counted("token_count", hour(9, 100)), *limits({9: 2}))
    assert by_hour(rows, "input") == {9: Decimal(100)}
    assert "without consumed_token_throughput" in caplog.text


@pytest.mark.parametrize(
    ("labels", "meter"),
    [
        ({"type": "input", "modality": "audio"}, "input_audio"),
        ({"type": "output"}, "output"),
        ({"type": "cache_write_1h_input", "publisher": "anthropic", "model": "claude-sonnet-5"}, "cache_write_1h"),
    ],
)
def test_tokens_on_provisioned_throughput_have_the_meters_of_pay_as_you_go_and_no_price(labels, meter):
    (row,) = capacity_rows(counted("token_count", hour(9, 100), max_token_size="200k", **labels))
    assert (row.meter, row.service_tier, row.provider_service_tier) == (meter, "committed", "dedicated")
    assert (row.context_tokens_above, row.context_tokens_up_to, row.geography) == (128_000, 200_000, "regional")
    assert row.period_end - row.period_start == dt.timedelta(hours=1)


def test_rows_name_the_resource_as_pay_as_you_go_does():
    rows = capacity_rows(weighted(hour(9, FULL)), *limits({9: 2}))
    assert {(row.resource_id, row.provider_model_id, row.region_id) for row in rows} == {
        (f"publishers/google/models/{MODEL}", MODEL, LOCATION)
    }


def test_requests_are_told_apart_by_what_became_of_them():
    found = [
        counted("model_invocation_count", hour(9, 90)),
        counted("model_invocation_count", hour(9, 7), response_code="429"),
        counted("model_invocation_count", hour(9, 5), response_code="500"),
        counted("model_invocation_count", hour(9, 3), request_type="spillover"),
        counted("model_invocation_count", hour(9, 2), request_type="spillover", response_code="429"),
    ]
    assert {row.meter: row.quantity for row in capacity_rows(*found)} == {
        "request": Decimal(90),
        "throttled_request": Decimal(7),
        "spillover_request": Decimal(3),
    }


@pytest.mark.parametrize(
    ("metric", "request_type"),
    [
        ("token_count", "spillover"),
        ("token_count", "shared"),
        ("model_invocation_count", "shared"),
        ("consumed_token_throughput", "spillover"),
    ],
)
def test_traffic_outside_provisioned_throughput_is_refused_because_it_is_billed_elsewhere(metric, request_type):
    with pytest.raises(MalformedPageError, match="not asked for"):
        capacity_rows(counted(metric, hour(9, 100), request_type=request_type))


def test_a_series_that_is_split_over_pages_is_whole():
    halves = [weighted(hour(9, FULL)), weighted(hour(8, FULL))]

    def handler(request: httpx.Request) -> httpx.Response:
        if "consumed" not in request.url.params.get("filter", ""):
            return capacity_answering(*limits({8: 2, 9: 2}))(request)
        is_second = "pageToken" in request.url.params
        page = {"timeSeries": [halves[is_second]], **({} if is_second else {"nextPageToken": "b"})}
        return httpx.Response(200, json=page)

    with capacity_source(handler) as source:
        rows = list(source.normalise(list(source.fetch(DAY)), DAY))
    assert by_hour(rows, "gsu_hour") == {8: Decimal(1), 9: Decimal(1)}


def test_a_project_without_provisioned_throughput_has_no_rows():
    assert capacity_rows() == []


def test_a_project_that_never_called_a_model_is_asked_for_nothing_more():
    assert requests_of(labels={}) == []


def test_normalising_again_gives_the_same_rows_in_the_same_order():
    found = [weighted(hour(9, FULL), hour(8, 5)), counted("token_count", hour(9, 100)), *limits({8: 2, 9: 3})]
    with capacity_source(capacity_answering(*found)) as source:
        pages = list(source.fetch(DAY))
        assert list(source.normalise(pages, DAY)) == list(source.normalise(pages, DAY))


def test_counts_are_summed_and_limits_are_means_by_the_hour():
    asked = {
        (
            request.url.params["filter"].removeprefix(f'metric.type = "{PREFIX}'),
            request.url.params["aggregation.perSeriesAligner"],
            request.url.params["aggregation.alignmentPeriod"],
        )
        for request in requests_of()
    }
    assert asked == {
        ('dedicated_gsu_limit"', "ALIGN_MEAN", "60s"),
        ('token_count" AND metric.labels.request_type = "dedicated"', "ALIGN_SUM", "3600s"),
        (
            'model_invocation_count" AND metric.labels.request_type = one_of("dedicated", "spillover")',
            "ALIGN_SUM",
            "3600s",
        ),
        ('consumed_token_throughput" AND metric.labels.request_type = "dedicated"', "ALIGN_SUM", "3600s"),
        ('dedicated_gsu_limit"', "ALIGN_MEAN", "3600s"),
        ('dedicated_token_limit"', "ALIGN_MEAN", "3600s"),
    }


def test_today_is_asked_for_up_to_the_last_full_hour():
    today = Window.of_days(dt.date(2026, 10, 5), dt.date(2026, 10, 5))
    asked = requests_of(today, now="2026-10-05T06:40:00+00:00")[-1].url.params
    assert (asked["interval.startTime"], asked["interval.endTime"]) == ("2026-10-05T00:00:00Z", "2026-10-05T06:00:00Z")


def test_a_day_whose_first_hour_is_not_over_is_asked_for_nothing():
    today = Window.of_days(dt.date(2026, 10, 5), dt.date(2026, 10, 5))
    asked = requests_of(today, now="2026-10-05T00:40:00+00:00")
    assert {request.url.params["aggregation.alignmentPeriod"] for request in asked} == {"60s"}


def test_a_metric_that_cannot_tell_provisioned_throughput_apart_is_refused():
    with pytest.raises(MalformedPageError, match="has no label request_type"):
        requests_of(labels={"token_count": ("type",)})


def listed(*points, **more) -> list[ProviderResource]:
    series = {**counted("dedicated_gsu_limit", *points, **more), "metricKind": "GAUGE", "valueType": "DOUBLE"}
    with capacity_source(capacity_answering(listed=[series])) as source:
        pages = list(source.fetch_lists())
        assert source.listed_types(pages) == {"Provisioned Throughput"}
        return list(source.resources(pages))


def now(minute: int, value: float) -> dict[str, object]:
    return {"interval": {"endTime": f"2026-10-05T05:{minute}:00Z"}, "value": {"doubleValue": value}}


def test_the_newest_limit_is_the_state_of_a_model_in_a_location():
    (resource,) = listed(now(59, 3.0), now(58, 2.0), model="Gemini-X")
    assert (resource.resource_type, resource.capacity, resource.sku_name) == ("Provisioned Throughput", 3, "GSU")
    assert resource.resource_id == "publishers/google/models/gemini-x/locations/europe-west4"
    assert (resource.provider_model_id, resource.region_id) == ("Gemini-X", LOCATION)


def test_a_limit_of_zero_is_no_provisioned_throughput():
    assert listed(now(59, 0), now(58, 2.0)) == []


def test_limits_of_now_are_no_usage():
    series = {**counted("dedicated_gsu_limit", now(59, 3.0)), "metricKind": "GAUGE", "valueType": "DOUBLE"}
    with capacity_source(capacity_answering(listed=[series])) as source:
        assert list(source.normalise(list(source.fetch(DAY)), DAY)) == []


def test_pages_without_the_list_say_nothing_of_what_is_gone():
    with capacity_source(capacity_answering(labels={"token_count": ("type", "request_type")})) as source:
        assert source.listed_types(list(source.fetch(DAY))) == frozenset()


def test_a_day_of_points_is_no_hour():
    with pytest.raises(MalformedPageError, match="startTime"):
        capacity_rows(counted("token_count", point()))


def test_the_checks_name_the_role_and_the_limits_in_force():
    series = {**counted("dedicated_gsu_limit", now(59, 3.0)), "metricKind": "GAUGE", "valueType": "DOUBLE"}
    with capacity_source(capacity_answering(listed=[series])) as source:
        checks = source.checks(dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC))
        assert all("roles/monitoring.viewer on project acme-prod-1" in check.needs for check in checks)
        assert checks[1].run() == f"3 GSU of {MODEL} in {LOCATION}"
