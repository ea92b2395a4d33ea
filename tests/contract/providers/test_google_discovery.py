"""Our requests, our recorded answers and the simulator's, held against Google's own description of its interfaces."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.gcp_vertex.wire import GcpVertex
from genai_finops.simulator.google.errors import GoogleRefusal, error_body, error_info
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.wire import WireRequest

from .discovery import answer_problems, document, request_problems, schema_problems
from .gcp_vertex_answers import answering, source_over
from .scripted_source import DAY, Answer
from .vertex_capacity_answers import capacity_source

pytest.importorskip("googleapiclient")

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
MONITORING = document("monitoring.v3")
SCENARIO = Scenario(first_day=dt.date(2026, 9, 30), last_day=dt.date(2026, 10, 2), orgs=("acme",))


def requests_of_a_fetch(source_over: Callable[[Answer], HttpUsageSource]) -> list[httpx.Request]:
    asked: list[httpx.Request] = []
    answer = answering()

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    with source_over(handler) as source:
        list(source.fetch(DAY))
    return [request for request in asked if request.url.host == "monitoring.googleapis.com"]


def simulated(request: httpx.Request) -> Any:
    google = GcpVertex()
    account = google.build_account(SCENARIO, "acme")
    wire = WireRequest(
        path=request.url.path.replace("acme-prod-1", account.account_id),
        params=request.url.params.multi_items(),
        headers={},
    )
    return google.answer(wire, account, Ledger(SCENARIO, dt.datetime(2026, 10, 9, tzinfo=dt.UTC)))


@pytest.mark.parametrize("source", [source_over, capacity_source])
def test_every_parameter_of_our_requests_is_one_of_the_interface(source):
    requests = requests_of_a_fetch(source)
    assert {request.url.path.rpartition("/")[2] for request in requests} == {"timeSeries", "metricDescriptors"}
    assert [problem for request in requests for problem in request_problems(MONITORING, request)] == []


@pytest.mark.parametrize("source", [source_over, capacity_source])
def test_every_field_of_the_simulators_answers_is_one_of_the_interface(source):
    for request in requests_of_a_fetch(source):
        answer = simulated(request)
        assert answer
        assert answer_problems(MONITORING, "GET", request.url.path, answer) == []


@pytest.mark.parametrize("aligner", ["ALIGN_NONE", "ALIGN_DELTA", "ALIGN_RATE"])
def test_other_alignments_of_the_simulator_answer_in_the_interfaces_shape_too(aligner):
    request = httpx.Request(
        "GET",
        "https://monitoring.googleapis.com/v3/projects/acme-prod-1/timeSeries",
        params={
            "filter": 'metric.type = "aiplatform.googleapis.com/publisher/online_serving/tokens"',
            "interval.endTime": "2026-10-02T00:00:00Z",
            "interval.startTime": "2026-10-01T00:00:00Z",
            "aggregation.alignmentPeriod": "3600s",
            "aggregation.perSeriesAligner": aligner,
        },
    )
    assert request_problems(MONITORING, request) == []
    assert answer_problems(MONITORING, "GET", request.url.path, simulated(request)) == []


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("descriptors_1.json", "ListMetricDescriptorsResponse"),
        ("descriptors_2.json", "ListMetricDescriptorsResponse"),
        ("token_count_1.json", "ListTimeSeriesResponse"),
        ("token_count_2.json", "ListTimeSeriesResponse"),
        ("model_invocation_count.json", "ListTimeSeriesResponse"),
        ("character_count.json", "ListTimeSeriesResponse"),
    ],
)
def test_the_answers_that_the_contract_tests_replay_have_the_interfaces_shape(name, schema):
    answer = json.loads((PAYLOADS / "gcp_vertex" / name).read_text(encoding="utf-8"))
    assert schema_problems(MONITORING, schema, answer) == []


def test_the_errors_of_the_simulator_are_those_of_google_rpc():
    refusal = GoogleRefusal(403, "no", details=[error_info("SERVICE_DISABLED", service="monitoring.googleapis.com")])
    error = error_body(refusal)["error"]
    assert error.pop("status") == "PERMISSION_DENIED"
    # What is left is google.rpc.Status, but for the name of the code.
    assert schema_problems(MONITORING, "Status", error) == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"timeSeries": [{"points": [{"value": {"int64Value": 5}}]}]}, "not string"),
        ({"timeSeries": [{"points": [{"value": {"int64Value": "5.5"}}]}]}, "whole number"),
        ({"timeSeries": [{"valueType": "TOKENS"}]}, "none of its values"),
        ({"data": []}, "has no field data"),
        ({"timeSeries": {}}, "not array"),
    ],
)
def test_the_comparison_sees_what_differs(answer, problem):
    (found,) = schema_problems(MONITORING, "ListTimeSeriesResponse", answer)
    assert problem in found


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"interval.end": "x"}, "has no parameter interval.end"),
        ({"view": "ALL"}, "none of its values"),
        ([("pageSize", "1"), ("pageSize", "2")], "given twice"),
    ],
)
def test_the_comparison_sees_a_parameter_that_there_is_not(params, problem):
    request = httpx.Request("GET", "https://monitoring.googleapis.com/v3/projects/p/timeSeries", params=params)
    assert problem in " ".join(request_problems(MONITORING, request))
