"""What Anthropic is asked, and how its refusals are understood."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    Account,
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)

from .anthropic_answers import SERIES, empty_page, page, source_over, usage
from .scripted_source import DAY

GROUP_BY = ["model", "service_tier", "context_window", "workspace_id", "api_key_id"]


def asked_of(**options: Any) -> list[httpx.Request]:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return empty_page(request)

    with source_over(handler, **options) as anthropic:
        list(anthropic.fetch(DAY))
    return [request for request in asked if "usage_report" in request.url.path]


def test_each_geography_and_speed_is_a_series_beside_an_unfiltered_total():
    series = {
        (query.get("inference_geos[]"), query.get("speeds[]"), tuple(query.get_list("group_by[]")))
        for query in (request.url.params for request in asked_of())
    }
    assert series == {(geo, speed, tuple(GROUP_BY)) for geo, speed in SERIES} | {(None, None, ("model",))}


def test_the_beta_header_is_sent_with_the_filter_by_speed_only():
    headers = {
        (request.url.params.get("speeds[]") is not None, request.headers.get("anthropic-beta"))
        for request in asked_of()
    }
    assert headers == {(True, "fast-mode-2026-02-01"), (False, None)}


def test_without_fast_mode_no_speed_is_asked_for():
    asked = asked_of(fast_mode=False)
    assert {request.url.params.get("speeds[]") for request in asked} == {None}
    assert {request.headers.get("anthropic-beta") for request in asked} == {None}
    assert {r.url.params.get("inference_geos[]") for r in asked} == {"global", "us", "not_available", None}


def test_every_request_carries_the_api_version():
    assert {request.headers["anthropic-version"] for request in asked_of()} == {"2023-06-01"}


def test_usage_that_arrives_during_the_read_is_read_again_and_not_taken_for_a_loss():
    reads = iter(range(100))

    def handler(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if "usage_report" not in request.url.path or query.get("speeds[]") == "fast":
            return empty_page(request)
        is_total = query.get("inference_geos[]") is None
        is_late = next(reads) > 0
        if is_total or query["inference_geos[]"] == "us":
            return httpx.Response(200, json=page([usage(output_tokens=300 + is_late)]))
        return empty_page(request)

    with source_over(handler) as anthropic:
        rows = list(anthropic.normalise(list(anthropic.fetch(DAY)), DAY))
    assert [row.quantity for row in rows if row.meter == "output"] == [Decimal(301)]


def test_usage_that_never_stands_still_is_a_passing_failure():
    reads = iter(range(100))

    def handler(request: httpx.Request) -> httpx.Response:
        if "inference_geos[]" in request.url.params or "usage_report" not in request.url.path:
            return empty_page(request)
        return httpx.Response(200, json=page([usage(output_tokens=next(reads))]))

    with source_over(handler) as anthropic, pytest.raises(TransientProviderError, match="changed during"):
        list(anthropic.fetch(DAY))


def test_the_account_is_the_organisation_of_the_key():
    with source_over(
        lambda _: httpx.Response(200, json={"id": "org_1", "name": "Acme", "type": "organization"})
    ) as source:
        assert source.account() == Account(id="org_1", name="Acme")


@pytest.mark.parametrize(
    ("status", "message", "error", "remedy"),
    [
        (401, "invalid x-api-key", CredentialError, "sk-ant-admin01"),
        (403, "permission", MissingRightError, "sk-ant-admin01"),
        (402, "billing", PermanentProviderError, "settle"),
        (400, "speeds[] is not allowed", PermanentProviderError, "options.fast_mode to false"),
        (400, "Cannot specify more than 5 group_by[] dimensions.", PermanentProviderError, "refused as it is"),
        (409, "conflict", TransientProviderError, "gave up after 5 attempts"),
        (529, "overloaded", TransientProviderError, "gave up after 5 attempts"),
    ],
)
def test_refusals_are_classified_and_say_what_to_do(status, message, error, remedy):
    body = {"type": "error", "error": {"type": "some_error", "message": message}}
    with (
        source_over(lambda _: httpx.Response(status, json=body)) as source,
        pytest.raises(error, match=remedy) as refused,
    ):
        list(source.fetch(DAY))
    assert type(refused.value) is error
