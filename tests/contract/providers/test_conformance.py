"""What every source does, whichever provider it reads. A new provider joins by adding its payloads."""

import copy
import datetime as dt
import json
import logging
import random
import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.schemas.columns import SERVICE_TIERS
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.usage import PAYG_USAGE_RAW

from .json_paths import apply_change, values
from .replay import form_body, is_asked, json_body, said, says, without


def sums(rows: Any) -> dict[tuple[str, str], Decimal]:
    result: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        result[row.period_start.date().isoformat(), row.meter] += row.quantity
    return dict(result)


def answer(status: int, headers: dict[str, str] | None = None, content: bytes = b'{"error":{"message":"no"}}') -> Any:
    return lambda _: httpx.Response(status, headers=headers, content=content)


def refusal(case: Any, moment: str, status: int, headers: dict[str, str] | None = None) -> Any:
    return answer(status, headers, json.dumps(case.error_body(status, moment)).encode())


def echo(status: int) -> Any:
    """A server that repeats the credential, in the body and in the request's id."""

    def respond(request: httpx.Request) -> httpx.Response:
        repeated = " ".join(f"{name}={value}" for name, value in request.headers.items())
        content = f"{repeated} {request.content.decode()}".encode()
        return httpx.Response(status, content=content, headers={"x-request-id": repeated})

    return respond


def test_usage_by_day_and_meter_is_what_the_payloads_say(case, trial):
    assert sums(trial.rows()) == case.expected()


def test_disjoint_classes_add_up_to_the_providers_own_totals(case):
    assert [split for _, split in case.provider_totals()] == [total for total, _ in case.provider_totals()]


def test_every_page_is_read(case, trial):
    trial.fetch()
    assert {served.page for served in trial.replay.served} == case.used_pages


def test_the_cursor_is_sent_back_with_an_otherwise_unchanged_request(case, trial, paged):
    trial.fetch()
    place, pages = paged["sent_as"], paged["pages"]
    series = [served.request for served in trial.replay.served if served.page in pages]
    sent = [said(request, place) for request in series[1 : len(pages)]]
    assert sent == [_cursor(case, paged, page) for page in pages[:-1]]
    if not place.get("link"):
        compared = series[1:] if paged.get("first_differs") else series
        assert said(series[0], place) == []
        assert len({without(request, place) for request in compared}) == 1


def _cursor(case: Any, paged: dict[str, Any], page: str) -> list[Any]:
    cursors = values(case.pages[page], paged["cursor"])
    return [str(httpx.URL(link)) for link in cursors] if paged["sent_as"].get("link") else cursors


def test_the_window_is_asked_for_half_open_in_utc(case, trial):
    trial.fetch()
    usage = [served.request for served in trial.replay.usage_served()]
    for bound in case.spec["bounds"]:
        asked = [request for request in usage if is_asked(request, bound["requests"], case.config)]
        assert asked
        assert [f"{r.url} {json_body(r)}" for r in asked if not any(says(r, say) for say in bound["say"])] == []
        assert [say for say in bound["say"] if not any(says(request, say) for request in asked)] == []


def test_every_row_lies_in_one_utc_day_of_the_window(case, trial):
    rows = trial.rows()
    assert {row.period_start.date() for row in rows} <= set(case.window.days)
    assert all(row.period_start < row.period_end <= row.period_start + dt.timedelta(days=1) for row in rows)


def test_rows_are_unique_by_the_landing_tables_business_key(trial):
    rows = trial.rows()
    lineage = {"x_org_slug", "x_pipeline_id", "x_credential_id", "x_pipeline_run_date", "provider"}
    key = [name for name in PAYG_USAGE_RAW.grain if name not in lineage]
    assert len({tuple(getattr(row, name) for name in key) for row in rows}) == len(rows)


def test_rows_use_known_meters_and_tiers_and_name_a_page_that_was_fetched(trial):
    pages = trial.fetch()
    rows = list(trial.source.normalise(pages, trial.window))
    assert {row.meter for row in rows} <= set(METERS)
    assert {row.service_tier for row in rows} <= set(SERVICE_TIERS)
    assert {row.page for row in rows} <= {page.sha256 for page in pages}
    assert all(row.quantity > 0 for row in rows)


def test_types_are_null_exactly_where_their_ids_are(trial):
    rows = trial.rows()
    assert all((row.sub_account_id is None) == (row.sub_account_type is None) for row in rows)
    assert all((row.resource_id is None) == (row.resource_type is None) for row in rows)


def test_listed_resources_are_named_once_and_in_lower_case(trial):
    resources = list(trial.source.resources(trial.fetch()))
    keys = [(resource.resource_type, resource.resource_id) for resource in resources]
    assert len(set(keys)) == len(keys)
    assert all(resource.resource_id == resource.resource_id.lower() for resource in resources)


def test_normalising_again_gives_the_same_rows(trial):
    pages = trial.fetch()
    assert list(trial.source.normalise(pages, trial.window)) == list(trial.source.normalise(pages, trial.window))


@pytest.mark.parametrize("seed", range(3))
def test_order_of_pages_does_not_matter_to_the_sums(case, trial, seed):
    pages = trial.fetch()
    random.Random(seed).shuffle(pages)  # noqa: S311
    assert sums(trial.source.normalise(pages, trial.window)) == case.expected()


@pytest.mark.parametrize("change", ["empty"])
def test_days_without_usage_give_no_rows_and_no_error(changed):
    assert changed.rows() == []


@pytest.mark.parametrize("change", ["big_integers"])
def test_big_integers_arrive_exactly(case, changed):
    expected = case.spec["big_integer"]
    quantities = [row.quantity for row in changed.rows() if row.meter == expected["meter"]]
    assert max(quantities) == Decimal(expected["quantity"])


@pytest.mark.parametrize("change", ["missing_field", "unknown_usage_field", "missing_day", "outside_window"])
def test_a_page_of_unknown_shape_is_refused_by_name(case, change, changed):
    with pytest.raises(MalformedPageError) as refused:
        changed.rows()
    assert case.spec["named"][change] in str(refused.value)
    assert case.config.id in str(refused.value)


@pytest.mark.parametrize("change", ["unknown_other_field"])
def test_an_unknown_field_without_usage_is_reported_and_changes_nothing(case, change, changed, caplog):
    assert sums(changed.rows()) == case.expected()
    assert case.spec["named"][change] in caplog.text


def test_a_looping_paginator_is_stopped(trial, paged):
    trial.replay.lead_astray(paged, lambda _: "again")
    with pytest.raises(PermanentProviderError, match="second time"):
        trial.fetch()


def test_a_runaway_paginator_is_stopped(case, paged):
    runaway = case.trial(max_pages=7)
    runaway.replay.lead_astray(paged, lambda count: f"page_{count}")
    with pytest.raises(PermanentProviderError, match="more than 7 pages"):
        runaway.fetch()


def test_a_page_that_promises_more_without_a_cursor_is_refused(case, paged):
    pages = {**case.pages, paged["pages"][0]: copy.deepcopy(case.pages[paged["pages"][0]])}
    for path, value in {**paged["more"], paged["cursor"]: None}.items():
        apply_change(pages[paged["pages"][0]], {"at": path, "set": value})
    with pytest.raises(MalformedPageError, match=paged["cursor"].rpartition("/")[2]):
        case.trial(pages).fetch()


def test_every_request_carries_the_credential_in_the_configured_way(case, trial):
    trial.fetch()
    for served in trial.replay.usage_served():
        sent = served.request.headers.get(case.credential_header, "")
        assert any(re.fullmatch(pattern, sent) for pattern in case.headers_allowed(served)), str(served.request.url)


def test_a_secret_that_buys_tokens_or_signs_is_sent_to_no_usage_endpoint(case, trial):
    if case.config.auth.kind != "provider":
        # The secret itself is the credential: the header that carries it is tested above.
        assert case.auth_pages == ()
        return
    trial.fetch()
    wire = " ".join(
        f"{request.url} {request.headers.raw} {request.content.decode()}"
        for request in (served.request for served in trial.replay.usage_served())
    )
    assert [text for text in case.planted if text in wire] == []


@pytest.fixture
def at_moment(trial: Any, moment: str) -> Any:
    """The trial, whose `first` answers come at a token endpoint or at a usage endpoint."""
    trial.replay.first_at_auth = moment == "token"
    return trial


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="seconds"),
        pytest.param({"Retry-After": "@now+11"}, 11.0, id="http-date"),
        pytest.param({}, None, id="no-retry-after"),
    ],
)
def test_a_rate_limit_is_waited_out(case, moment, at_moment, headers, wait):
    dated = (case.now + dt.timedelta(seconds=11)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {name: value.replace("@now+11", dated) for name, value in headers.items()}
    at_moment.replay.first = [answer(429, headers)]
    assert sums(at_moment.rows()) == case.expected()
    assert at_moment.sleeps == [case.first_wait if wait is None else wait]


def test_a_rate_limit_in_the_providers_own_words_is_waited_out(case, moment, at_moment):
    told = case.throttled(moment)
    at_moment.replay.first = [answer(told["status"], told["headers"], json.dumps(told["body"]).encode())]
    assert sums(at_moment.rows()) == case.expected()
    assert at_moment.sleeps == [float(told["wait"])]


def test_a_wait_beyond_the_time_allowed_ends_the_request_at_once(at_moment):
    at_moment.replay.first = [answer(429, {"Retry-After": "86400"})]
    with pytest.raises(TransientProviderError, match="86400 s"):
        at_moment.fetch()
    assert at_moment.sleeps == []


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(500, id="500"),
        pytest.param(503, id="503"),
        pytest.param(529, id="529"),
        pytest.param(408, id="408"),
        pytest.param(b"<html>maintenance</html>", id="not-json"),
        pytest.param(b'{"data": [{"results": [', id="truncated-json"),
        pytest.param(b"", id="empty-body"),
        pytest.param(httpx.ConnectTimeout, id="connect-timeout"),
        pytest.param(httpx.ReadTimeout, id="read-timeout"),
        pytest.param(httpx.RemoteProtocolError, id="cut-connection"),
    ],
)
def test_a_passing_failure_is_repeated_and_loses_nothing(case, moment, at_moment, failure):
    at_moment.replay.first = [_failing(case, moment, failure)]
    assert sums(at_moment.rows()) == case.expected()
    assert at_moment.sleeps == [case.first_wait]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(500, id="500"),
        pytest.param(b"<html>maintenance</html>", id="not-json"),
        pytest.param(httpx.ConnectError, id="no-connection"),
    ],
)
def test_a_lasting_failure_is_an_error_after_bounded_attempts(case, moment, at_moment, failure):
    attempts = case.config.http.retry.attempts
    at_moment.replay.first = [_failing(case, moment, failure)] * 100
    with pytest.raises(TransientProviderError, match=f"gave up after {attempts} attempts"):
        at_moment.fetch()
    assert at_moment.source.requests_made == attempts
    assert len(at_moment.replay.first) == 100 - attempts


def _failing(case: Any, moment: str, failure: Any) -> Any:
    if isinstance(failure, int):
        return refusal(case, moment, failure)
    if isinstance(failure, bytes):
        return answer(200, content=failure)

    def raise_it(request: httpx.Request) -> httpx.Response:
        raise failure("cut", request=request)

    return raise_it


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(401, CredentialError, id="401"),
        pytest.param(403, CredentialError, id="403"),
        pytest.param(400, PermanentProviderError, id="400"),
        pytest.param(404, PermanentProviderError, id="404"),
        pytest.param(307, PermanentProviderError, id="redirect"),
    ],
)
def test_a_refusal_is_not_repeated(case, moment, at_moment, status, error):
    at_moment.replay.first = [refusal(case, moment, status, {"Location": "https://elsewhere.invalid/"})]
    with pytest.raises(error, match=case.config.id):
        at_moment.fetch()
    assert at_moment.source.requests_made == 1
    assert at_moment.sleeps == []


def test_a_number_that_is_none_is_refused(case, trial):
    trial.replay.first = [answer(200, content=b'{"data": [], "has_more": false, "x": NaN}')]
    with pytest.raises(MalformedPageError, match="NaN"):
        trial.fetch()


def test_a_day_that_has_not_begun_is_an_error(case, trial):
    today = case.now.date()
    tomorrow = type(trial.window).of_days(today, today + dt.timedelta(days=1))
    with pytest.raises(PermanentProviderError, match="has not begun"):
        list(trial.source.fetch(tomorrow))


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500])
def test_the_secret_is_in_no_message_and_no_log_record(case, at_moment, status, caplog):
    caplog.set_level(logging.DEBUG)
    at_moment.replay.first = [echo(status)] * 100
    with pytest.raises((PermanentProviderError, TransientProviderError)) as refused:
        at_moment.fetch()
    chain = [refused.value, refused.value.__cause__, refused.value.__context__]
    shown = " ".join([caplog.text, *(f"{error} {error!r} {vars(error) if error else ''}" for error in chain)])
    assert [text for text in case.confidential | _credentials_sent(at_moment) if text in shown] == []


def _credentials_sent(trial: Any) -> set[str]:
    """What requests for tokens say in their own right: a signed assertion opens as much as the key behind it."""
    forms = [form_body(request) for request in trial.replay.requests]
    return {text for form in forms for name in ("assertion", "client_secret") for text in form.get(name, [])}


def test_the_secret_is_in_no_repr_and_no_page(case, trial):
    pages = trial.fetch()
    source = trial.source
    shown = f"{source!r} {source.session!r} {vars(source)} {vars(source.session)} {pages}"
    shown += " ".join(str(request.url) for request in trial.replay.requests)
    assert [text for text in case.confidential | _credentials_sent(trial) if text in shown] == []
