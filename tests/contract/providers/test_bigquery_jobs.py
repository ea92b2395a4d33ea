"""BigQuery's answers as it documents them: texts in nested cells, a job that is not done at first, pages to count."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from googleapiclient.discovery_cache import get_static_doc

from genai_finops.providers.base import MalformedPageError, PermanentProviderError, TransientProviderError
from genai_finops.providers.bigquery_jobs import RESULT_FIELDS, BigQueryJob, query_rows
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import HeaderAuth, ProviderSession, SessionOptions, page_of
from genai_finops.providers.redaction import Redactor

from .scripted_source import CONFIGS, Unlimited

SQL = "select sku.id as sku_id from `p.d.t` where service.id = @service"
PARAMETERS = {"service": ("STRING", "AEFD-7695-64FA")}
REFERENCE = {"projectId": "acme", "jobId": "job_1", "location": "EU"}
STARTED = {"jobReference": REFERENCE, "jobComplete": False}


def finished(*values: str, total: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "schema": {"fields": [{"name": "sku_id", "type": "STRING"}]},
        "jobReference": REFERENCE,
        "jobComplete": True,
        "totalRows": str(len(values) if total is None else total),
        "rows": [{"f": [{"v": value}]} for value in values],
        **more,
    }


def job_over(answer: Callable[[httpx.Request], dict[str, Any]]) -> BigQueryJob:
    config = load_provider_configs(CONFIGS, {})["gemini"]
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer(request)))
    options = SessionOptions(transport=transport, rate_limiter=Unlimited(), sleep=lambda _: None)
    session = ProviderSession(config, auth=HeaderAuth("A", "b"), redactor=Redactor([]), options=options)
    return BigQueryJob(session, project="acme", location="EU", source="billing export")


def read(answers: list[dict[str, Any]], seen: list[httpx.Request] | None = None) -> list[str | None]:
    asked = [] if seen is None else seen

    def answer(request: httpx.Request) -> dict[str, Any]:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    pages = job_over(answer).pages(SQL, PARAMETERS, recorded={}, page_rows=2, max_pages=5, max_bytes=10**9)
    return [row.text("sku_id") for page in pages for row in query_rows(page, provider="gemini")]


def test_a_job_that_is_not_done_is_asked_again_until_it_is():
    seen: list[httpx.Request] = []
    assert read([STARTED, STARTED, finished("A")], seen) == ["A"]
    assert [request.method for request in seen] == ["POST", "GET", "GET"]
    assert {request.url.path for request in seen[1:]} == {"/bigquery/v2/projects/acme/queries/job_1"}


def test_a_job_that_never_ends_is_given_up():
    with pytest.raises(TransientProviderError, match="not done after 60 answers"):
        read([STARTED])


def test_a_result_without_rows_is_empty_and_not_malformed():
    assert read([finished() | {"rows": []}]) == []


def test_pages_are_followed_in_the_location_of_the_job():
    seen: list[httpx.Request] = []
    assert read([finished("A", total=2, pageToken="T"), finished("B", total=2)], seen) == ["A", "B"]
    assert (seen[1].url.params["pageToken"], seen[1].url.params["location"]) == ("T", "EU")


def test_fewer_rows_than_the_answer_says_there_are_is_an_error():
    with pytest.raises(MalformedPageError, match="1 rows, totalRows is '3'"):
        read([finished("A", total=3)])


def test_errors_of_a_finished_job_are_an_error():
    with pytest.raises(PermanentProviderError, match="stopped"):
        read([finished(errors=[{"reason": "stopped", "message": "Job execution was cancelled"}])])


def test_a_job_id_that_would_lead_to_another_path_is_refused():
    with pytest.raises(MalformedPageError, match="jobId"):
        read([{"jobReference": {**REFERENCE, "jobId": "../../x"}, "jobComplete": False}])


def test_the_query_is_parametrised_in_standard_sql_and_bounded():
    seen: list[httpx.Request] = []
    read([finished("A")], seen)
    body = json.loads(seen[0].content)
    assert body["queryParameters"] == [
        {"name": "service", "parameterType": {"type": "STRING"}, "parameterValue": {"value": "AEFD-7695-64FA"}}
    ]
    assert (body["useLegacySql"], body["maximumBytesBilled"], body["location"]) == (False, "1000000000", "EU")


@pytest.fixture(scope="module")
def discovery() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(get_static_doc("bigquery", "v2"))
    return document


def test_every_field_of_our_request_is_in_googles_discovery_document(discovery):
    seen: list[httpx.Request] = []
    read([STARTED, finished("A", total=2, pageToken="T"), finished("B", total=2)], seen)
    assert set(json.loads(seen[0].content)) <= set(discovery["schemas"]["QueryRequest"]["properties"])
    asked = {name for request in seen[1:] for name in request.url.params}
    method = discovery["resources"]["jobs"]["methods"]["getQueryResults"]
    assert asked <= set(method["parameters"])
    assert method["path"] == "projects/{+projectId}/queries/{+jobId}"


def test_every_field_of_a_documented_answer_is_known(discovery):
    schemas = discovery["schemas"]
    documented = {*schemas["QueryResponse"]["properties"], *schemas["GetQueryResultsResponse"]["properties"]}
    assert documented <= RESULT_FIELDS


def test_a_recorded_answer_over_a_billing_export_parses_to_its_values():
    if "GENAI_FINOPS_TEST_DATA" not in os.environ:
        pytest.skip("GENAI_FINOPS_TEST_DATA is not set: pages of other projects are not at hand")
    path = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "payloads" / "gcp_vertex" / "billing_export_query.json"
    body = path.read_bytes()
    recorded = json.loads(body)
    rows = list(query_rows(page_of(body, source="billing export", request={}), provider="gcp_vertex"))
    names = [field["name"] for field in recorded["schema"]["fields"]]
    cells = [[cell["v"] for cell in row["f"]] for row in recorded["rows"]]
    assert [[row.text(name) for name in names] for row in rows] == cells
    assert cells
