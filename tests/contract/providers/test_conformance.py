"""What every source does, whichever provider it reads. A new provider joins by adding its payloads."""

import datetime as dt
import logging
import random
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


def sums(rows: Any) -> dict[tuple[str, str], Decimal]:
    result: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        result[row.period_start.date().isoformat(), row.meter] += row.quantity
    return dict(result)


def answer(status: int, headers: dict[str, str] | None = None, content: bytes = b'{"error":{"message":"no"}}') -> Any:
    return lambda _: httpx.Response(status, headers=headers, content=content)


def echo(status: int) -> Any:
    """A server that repeats the credential, in the body and in the request's id."""

    def respond(request: httpx.Request) -> httpx.Response:
        said = " ".join(f"{name}={value}" for name, value in request.headers.items())
        return httpx.Response(status, content=said.encode(), headers={"x-request-id": said})

    return respond


def test_usage_by_day_and_meter_is_what_the_payloads_say(case, trial):
    assert sums(trial.rows()) == case.expected()


def test_disjoint_classes_add_up_to_the_providers_own_totals(case):
    assert [split for _, split in case.provider_totals()] == [total for total, _ in case.provider_totals()]


def test_every_page_is_read(case, trial):
    trial.fetch()
    assert set(trial.replay.served) == {exchange["page"] for exchange in case.spec["exchanges"]}


def test_the_cursor_is_sent_back_with_an_otherwise_unchanged_query(case, trial):
    trial.fetch()
    paged = case.spec["paged"]
    series = [
        request.url.params
        for request, page in zip(trial.replay.requests, trial.replay.served, strict=True)
        if page in paged["pages"]
    ]
    cursors = [query.get(paged["parameter"]) for query in series[: len(paged["pages"])]]
    assert cursors == [None, *(case.pages[page][paged["cursor"]] for page in paged["pages"][:-1])]
    assert len({str(query.remove(paged["parameter"])) for query in series}) == 1


def test_the_window_is_asked_for_half_open_in_utc(case, trial):
    trial.fetch()
    bounds = case.spec["bounds"]
    queries = [r.url.params for r in trial.replay.requests if r.url.path.endswith(bounds["path"])]
    assert queries
    assert {(q[bounds["start"][0]], q[bounds["end"][0]]) for q in queries} == {(bounds["start"][1], bounds["end"][1])}


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


def test_normalising_again_gives_the_same_rows(trial):
    pages = trial.fetch()
    assert list(trial.source.normalise(pages, trial.window)) == list(trial.source.normalise(pages, trial.window))


@pytest.mark.parametrize("seed", range(3))
def test_order_of_pages_does_not_matter_to_the_sums(case, trial, seed):
    pages = trial.fetch()
    random.Random(seed).shuffle(pages)  # noqa: S311
    assert sums(trial.source.normalise(pages, trial.window)) == case.expected()


def test_days_without_usage_give_no_rows_and_no_error(case):
    assert case.trial(case.changed("empty")).rows() == []


def test_big_integers_arrive_exactly(case):
    rows = case.trial(case.changed("big_integers")).rows()
    expected = case.spec["big_integer"]
    assert max(row.quantity for row in rows if row.meter == expected["meter"]) == Decimal(expected["quantity"])


@pytest.mark.parametrize("change", ["missing_field", "unknown_usage_field", "missing_day", "outside_window"])
def test_a_page_of_unknown_shape_is_refused_by_name(case, change):
    changed = case.trial(case.changed(change))
    pages = changed.fetch()
    with pytest.raises(MalformedPageError) as refused:
        list(changed.source.normalise(pages, changed.window))
    assert case.spec["named"][change] in str(refused.value)
    assert case.config.id in str(refused.value)


def test_an_unknown_field_without_usage_is_reported_and_changes_nothing(case, caplog):
    rows = case.trial(case.changed("unknown_other_field")).rows()
    assert sums(rows) == case.expected()
    assert case.spec["named"]["unknown_other_field"] in caplog.text


def test_a_looping_paginator_is_stopped(case, trial):
    paged = case.spec["paged"]

    def loop(request: httpx.Request, name: str, content: Any) -> Any:
        return {**content, "has_more": True, paged["cursor"]: "again"} if name in paged["pages"] else content

    trial.replay.page_name = _first_page_for_any_cursor(trial.replay, paged)
    trial.replay.on_page = loop
    with pytest.raises(PermanentProviderError, match="second time"):
        trial.fetch()


def test_a_runaway_paginator_is_stopped(case):
    runaway = case.trial(max_pages=7)
    paged = case.spec["paged"]

    def run_away(request: httpx.Request, name: str, content: Any) -> Any:
        cursor = f"page_{len(runaway.replay.requests)}"
        return {**content, "has_more": True, paged["cursor"]: cursor} if name in paged["pages"] else content

    runaway.replay.page_name = _first_page_for_any_cursor(runaway.replay, paged)
    runaway.replay.on_page = run_away
    with pytest.raises(PermanentProviderError, match="more than 7 pages"):
        runaway.fetch()


def test_a_page_that_promises_more_without_a_cursor_is_refused(case, trial):
    paged = case.spec["paged"]
    trial.replay.on_page = lambda _, name, content: (
        {**content, paged["cursor"]: None} if name == paged["pages"][0] else content
    )
    with pytest.raises(MalformedPageError, match=paged["cursor"]):
        trial.fetch()


def _first_page_for_any_cursor(replay: Any, paged: dict[str, Any]) -> Any:
    original = replay.page_name

    def page_name(request: httpx.Request) -> str:
        if paged["parameter"] in request.url.params:
            return str(paged["pages"][0])
        return str(original(request))

    return page_name


def test_the_credential_is_sent_as_the_configuration_says(case, trial):
    trial.fetch()
    sent = {request.headers.get(case.config.auth.header) for request in trial.replay.requests}
    assert sent == {f"Bearer {case.secret}" if case.config.auth.kind == "bearer" else case.secret}


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        pytest.param({"Retry-After": "7"}, [7.0], id="seconds"),
        pytest.param({"Retry-After": "@now+11"}, [11.0], id="http-date"),
        pytest.param({}, [1.0], id="no-retry-after"),
    ],
)
def test_a_rate_limit_is_waited_out(case, trial, headers, waits):
    moment = dt.datetime.fromisoformat(case.spec["now"]) + dt.timedelta(seconds=11)
    dated = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    trial.replay.first = [answer(429, {name: value.replace("@now+11", dated) for name, value in headers.items()})]
    assert sums(trial.rows()) == case.expected()
    assert trial.sleeps == waits


def test_a_wait_beyond_the_time_allowed_ends_the_request_at_once(trial):
    trial.replay.first = [answer(429, {"Retry-After": "86400"})]
    with pytest.raises(TransientProviderError, match="86400 s"):
        trial.fetch()
    assert trial.sleeps == []


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(answer(500), id="500"),
        pytest.param(answer(503), id="503"),
        pytest.param(answer(529), id="529"),
        pytest.param(answer(408), id="408"),
        pytest.param(answer(200, content=b"<html>maintenance</html>"), id="not-json"),
        pytest.param(answer(200, content=b'{"data": [{"results": ['), id="truncated-json"),
        pytest.param(answer(200, content=b""), id="empty-body"),
        pytest.param(httpx.ConnectTimeout, id="connect-timeout"),
        pytest.param(httpx.ReadTimeout, id="read-timeout"),
        pytest.param(httpx.RemoteProtocolError, id="cut-connection"),
    ],
)
def test_a_passing_failure_is_repeated_and_loses_nothing(case, trial, failure):
    trial.replay.first = [_failing(failure)]
    assert sums(trial.rows()) == case.expected()
    assert trial.sleeps == [1.0]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(answer(500), id="500"),
        pytest.param(answer(200, content=b"<html>maintenance</html>"), id="not-json"),
        pytest.param(httpx.ConnectError, id="no-connection"),
    ],
)
def test_a_lasting_failure_is_an_error_after_bounded_attempts(case, trial, failure):
    trial.replay.first = [_failing(failure)] * 100
    with pytest.raises(TransientProviderError, match=f"gave up after {case.config.http.retry.attempts} attempts"):
        trial.fetch()
    assert trial.source.requests_made == case.config.http.retry.attempts


def _failing(failure: Any) -> Any:
    if isinstance(failure, type):

        def raise_it(request: httpx.Request) -> httpx.Response:
            raise failure("cut", request=request)

        return raise_it
    return failure


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
def test_a_refusal_is_not_repeated(case, trial, status, error):
    trial.replay.first = [answer(status, {"Location": "https://elsewhere.invalid/"})]
    with pytest.raises(error, match=case.config.id):
        trial.fetch()
    assert trial.source.requests_made == 1


def test_a_number_that_is_none_is_refused(trial):
    trial.replay.first = [answer(200, content=b'{"data": [], "has_more": false, "x": NaN}')]
    with pytest.raises(MalformedPageError, match="NaN"):
        trial.fetch()


def test_a_day_that_has_not_begun_is_an_error(case, trial):
    today = dt.datetime.fromisoformat(case.spec["now"]).date()
    tomorrow = type(trial.window).of_days(today, today + dt.timedelta(days=1))
    with pytest.raises(PermanentProviderError, match="has not begun"):
        list(trial.source.fetch(tomorrow))


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500])
def test_the_secret_is_in_no_message_and_no_log_record(case, trial, status, caplog):
    caplog.set_level(logging.DEBUG)
    trial.replay.first = [echo(status)] * 100
    with pytest.raises((PermanentProviderError, TransientProviderError)) as refused:
        trial.fetch()
    chain = [refused.value, refused.value.__cause__, refused.value.__context__]
    said = " ".join([caplog.text, *(f"{error} {error!r} {vars(error) if error else ''}" for error in chain)])
    assert case.secret not in said
    assert case.secret[8:24] not in said


def test_the_secret_is_in_no_repr_and_no_page(case, trial):
    pages = trial.fetch()
    source = trial.source
    said = f"{source!r} {source.session!r} {vars(source)} {vars(source.session)} {pages}"
    assert case.secret not in said
    assert all(case.secret not in str(request.url) for request in trial.replay.requests)
