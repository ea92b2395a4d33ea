"""What Cloud Monitoring is asked for Vertex AI, and how its refusals are understood."""

import datetime as dt
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
    Window,
)

from .gcp_vertex_answers import LABELS, PREFIX, answering, descriptors, series, source_over
from .scripted_source import DAY

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def asked_of(window: Window = DAY, labels: Any = LABELS, **more: Any) -> list[httpx.Request]:
    asked: list[httpx.Request] = []
    answer = answering(labels=labels)

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    with source_over(handler, **more) as source:
        list(source.fetch(window))
    return asked


def series_requests(**more: Any) -> list[httpx.Request]:
    return [request for request in asked_of(**more) if request.url.path.endswith("/timeSeries")]


def metrics_of(requests: list[httpx.Request]) -> list[str]:
    return [request.url.params["filter"].split('"')[1].removeprefix(PREFIX) for request in requests]


def test_the_histogram_of_tokens_is_never_read():
    assert metrics_of(series_requests()) == ["token_count", "model_invocation_count", "character_count"]


def test_each_request_names_exactly_one_metric_and_no_project_label():
    filters = {request.url.params["filter"] for request in series_requests()}
    assert filters == {
        f'metric.type = "{PREFIX}{name}"' for name in ("token_count", "model_invocation_count", "character_count")
    }


def test_labels_that_decide_a_price_are_grouped_by_because_the_others_vanish():
    (request, *_) = series_requests()
    assert request.url.params.get_list("aggregation.groupByFields") == [
        "resource.labels.location",
        "resource.labels.publisher",
        "resource.labels.model_user_id",
        "metric.labels.type",
        "metric.labels.request_type",
        "metric.labels.max_token_size",
        "metric.labels.explicit_caching",
        "metric.labels.modality",
        "metric.labels.source",
    ]


def test_counts_are_summed_and_not_interpolated():
    (request, *_) = series_requests()
    assert request.url.params["aggregation.perSeriesAligner"] == "ALIGN_SUM"
    assert request.url.params["aggregation.crossSeriesReducer"] == "REDUCE_SUM"


def test_periods_are_anchored_at_the_midnight_that_ends_the_window_even_today():
    today = Window.of_days(dt.date(2026, 10, 5), dt.date(2026, 10, 5))
    (request, *_) = series_requests(window=today, now="2026-10-05T06:00:00+00:00")
    assert request.url.params["interval.endTime"] == "2026-10-06T00:00:00Z"
    assert request.url.params["aggregation.alignmentPeriod"] == "86400s"


def test_only_labels_that_the_metric_has_are_grouped_by():
    (request,) = series_requests(labels={"token_count": ("type", "request_type")})
    assert request.url.params.get_list("aggregation.groupByFields")[3:] == [
        "metric.labels.type",
        "metric.labels.request_type",
    ]


def test_a_label_that_is_new_is_reported(caplog):
    series_requests(labels={"token_count": ("type", "request_type", "billing_plan")})
    assert "unknown_label=billing_plan" in caplog.text


def test_a_metric_without_the_label_that_gives_it_a_meaning_is_refused():
    with pytest.raises(MalformedPageError, match="has no label type"):
        series_requests(labels={"token_count": ("request_type",)})


def test_a_project_that_never_called_a_model_has_no_usage_and_no_error():
    with source_over(answering(labels={})) as source:
        assert list(source.normalise(list(source.fetch(DAY)), DAY)) == []


def test_a_metric_that_the_project_does_not_have_is_not_asked_for():
    assert metrics_of(series_requests(labels={"token_count": LABELS["token_count"]})) == ["token_count"]


def test_a_window_beyond_the_retention_is_refused_with_the_first_day_there_is():
    with pytest.raises(PermanentProviderError, match=r"2026-10-01 is older than the 42 days.*from 2026-10-02"):
        asked_of(now="2026-11-13T06:00:00+00:00")


def test_the_first_day_of_the_retention_is_read():
    assert series_requests(now="2026-11-12T06:00:00+00:00")


def test_the_retention_is_configured():
    with pytest.raises(PermanentProviderError, match="older than the 3 days"):
        asked_of(options={"retention_days": 3})


def test_a_long_window_is_asked_for_in_parts():
    window = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 11, 4))
    requests = series_requests(
        window=window, now="2026-11-05T06:00:00+00:00", labels={"token_count": LABELS["token_count"]}
    )
    assert [
        (request.url.params["interval.startTime"][:10], request.url.params["interval.endTime"][:10])
        for request in requests
    ] == [("2026-10-01", "2026-11-01"), ("2026-11-01", "2026-11-05")]


@pytest.mark.parametrize("account", ["", "../other", "acme prod", "Acme"])
def test_an_account_that_is_no_project_id_is_refused_before_it_becomes_a_path(account):
    with pytest.raises(PermanentProviderError, match="no Google Cloud project id"):
        asked_of(account=account)


@pytest.mark.parametrize("account", ["acme-prod-1", "example.com:acme-prod", "123456789012"])
def test_project_ids_of_all_kinds_are_asked_for(account):
    assert asked_of(account=account)[1].url.path == f"/v3/projects/{account}/metricDescriptors"


@pytest.mark.parametrize(
    "partial",
    [{"executionErrors": [{"code": 14, "message": "backend"}]}, {"unreachable": ["projects/1/locations/us-east5"]}],
    ids=["executionErrors", "unreachable"],
)
def test_a_partial_answer_is_a_failure_and_never_less_usage(partial):
    answer = answering(series())

    def handler(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        if request.url.path.endswith("/timeSeries"):
            return httpx.Response(200, json={**response.json(), **partial})
        return response

    with source_over(handler) as source, pytest.raises(TransientProviderError, match="partial"):
        list(source.fetch(DAY))


def refusal(code: int, status: str, reason: str | None = None, **metadata: str) -> httpx.Response:
    details = [{"@type": ERROR_INFO, "reason": reason, "metadata": metadata}] if reason else []
    return httpx.Response(code, json={"error": {"code": code, "message": "no", "status": status, "details": details}})


@pytest.mark.parametrize(
    ("response", "error", "remedy"),
    [
        (
            refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED", service="monitoring.googleapis.com"),
            PermanentProviderError,
            r"enable monitoring\.googleapis\.com",
        ),
        (refusal(403, "PERMISSION_DENIED"), MissingRightError, "grant the service account the role"),
        (refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), MissingRightError, "scope"),
        (refusal(401, "UNAUTHENTICATED", "ACCOUNT_STATE_INVALID"), CredentialError, "disabled"),
        (refusal(404, "NOT_FOUND"), PermanentProviderError, "project id"),
        (refusal(400, "INVALID_ARGUMENT"), PermanentProviderError, "refused as it is"),
        (refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), TransientProviderError, "gave up after 5"),
        (refusal(503, "UNAVAILABLE"), TransientProviderError, "gave up after 5"),
        (refusal(504, "DEADLINE_EXCEEDED"), TransientProviderError, "gave up after 5"),
    ],
)
def test_refusals_are_classified_by_reason_and_say_what_to_do(response, error, remedy):
    token = answering()

    def handler(request: httpx.Request) -> httpx.Response:
        return token(request) if request.url.host == "oauth2.googleapis.com" else response

    with source_over(handler) as source, pytest.raises(error, match=remedy) as refused:
        list(source.fetch(DAY))
    assert type(refused.value) is error


def test_a_metric_whose_descriptors_come_on_several_pages_is_read():
    answer = answering(series())

    def handler(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/metricDescriptors"):
            return answer(request)
        if "pageToken" in request.url.params:
            return httpx.Response(200, json=descriptors())
        return httpx.Response(200, json={"nextPageToken": "second"})

    with source_over(handler) as source:
        assert list(source.normalise(list(source.fetch(DAY)), DAY))


def test_the_checks_name_the_role_and_what_they_found():
    with source_over(answering(series())) as source:
        checks = source.checks(dt.datetime(2026, 10, 2, 6, tzinfo=dt.UTC))
        assert all("roles/monitoring.viewer on project acme-prod-1" in check.needs for check in checks)
        assert [check.run() for check in checks] == [
            "has character_count, model_invocation_count, token_count",
            "1 values of token_count on 2026-10-01",
        ]
