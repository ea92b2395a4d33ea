"""Requests of our client and answers of our simulator against botocore's models of the services."""

import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import JSONParser, QueryParser, RestJSONParser
from botocore.validate import ParamValidator

from genai_finops.providers.base import Window
from genai_finops.simulator.running import running_simulator

from .bedrock_sources import PROVIDER, simulated_source

WINDOW = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 11, 4))
_SERVICES = {"monitoring": "cloudwatch", "bedrock": "bedrock", "sts": "sts"}
_REST = {
    "/inference-profiles": "ListInferenceProfiles",
    "/listTagsForResource": "ListTagsForResource",
    "/provisioned-model-throughputs": "ListProvisionedModelThroughputs",
}
OPERATIONS = {
    "ListMetrics",
    "GetMetricData",
    "ListInferenceProfiles",
    "ListTagsForResource",
    "ListProvisionedModelThroughputs",
    "AssumeRole",
    "GetCallerIdentity",
}


class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps each with its answer."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._wire.handle_request(request)
        body = answer.read()
        self.exchanges.append((request, httpx.Response(answer.status_code, headers=answer.headers, content=body)))
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@pytest.fixture(scope="module")
def exchanges() -> dict[str, list[tuple[httpx.Request, httpx.Response]]]:
    recorder = Recorder()
    with running_simulator() as simulator:
        with simulated_source(simulator, "globex", transport=recorder) as source:
            list(source.fetch(WINDOW))
            source.account()
        with simulated_source(simulator, "globex", transport=recorder, flow="commitment") as source:
            list(source.fetch(Window.of_days(WINDOW.days[-1], WINDOW.days[-1])))
        with simulated_source(simulator, "globex", transport=recorder) as source:
            simulator.set_fault(PROVIDER, "short_list_pages")
            list(source.fetch(Window.of_days(WINDOW.days[-1], WINDOW.days[-1])))
    found: dict[str, list[tuple[httpx.Request, httpx.Response]]] = {}
    for request, answer in recorder.exchanges:
        found.setdefault(_operation(request).name, []).append((request, answer))
    return found


def _operation(request: httpx.Request) -> OperationModel:
    _, _, service, _, *rest = request.url.path.split("/")
    path = "/" + "/".join(rest)
    if service == "monitoring":
        name = request.headers["x-amz-target"].rpartition(".")[2]
    else:
        name = _REST.get(path) or dict(parse_qsl(request.content.decode()))["Action"]
    return ServiceModel(Loader().load_service_model(_SERVICES[service], "service-2")).operation_model(name)


def _asked(request: httpx.Request) -> dict[str, Any]:
    if request.method == "GET":
        names = {"type": "typeEquals"}
        query = {names.get(name, name): value for name, value in request.url.params.items()}
        return {**query, "maxResults": int(query["maxResults"])}
    if request.headers["content-type"].startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(request.content.decode()))
        return {name: value for name, value in form.items() if name not in {"Action", "Version"}}
    asked: dict[str, Any] = json.loads(request.content)
    return asked


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_request_is_valid_by_the_model_of_the_service(exchanges, operation):
    for request, _ in exchanges[operation]:
        model = _operation(request)
        if model.input_shape is None or not model.input_shape.members:
            assert _asked(request) == {}
        else:
            report = ParamValidator().validate(_asked(request), model.input_shape)
            assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("operation", sorted(OPERATIONS - {"AssumeRole", "GetCallerIdentity"}))
def test_every_answer_of_the_simulator_holds_nothing_that_the_model_does_not_know(exchanges, operation):
    for request, answer in exchanges[operation]:
        shape = _operation(request).output_shape
        assert shape is not None
        report = ParamValidator().validate(answer.json(), shape)
        assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_botocores_parser_reads_every_answer_of_the_simulator(exchanges, operation):
    for request, answer in exchanges[operation]:
        model = _operation(request)
        parser = {"monitoring": JSONParser, "bedrock": RestJSONParser, "sts": QueryParser}[
            model.service_model.service_name
        ]()
        whole = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        said = parser.parse(whole, model.output_shape)  # type: ignore[arg-type]
        found = ParamValidator().validate(
            {name: value for name, value in said.items() if name != "ResponseMetadata"},
            model.output_shape,  # type: ignore[arg-type]
        )
        assert "Error" not in said
        assert not found.has_errors(), found.generate_report()


def test_the_pages_of_lists_were_among_them(exchanges):
    for operation in ("ListInferenceProfiles", "ListProvisionedModelThroughputs"):
        assert any("nextToken" in request.url.params for request, _ in exchanges[operation])
    assert any("NextToken" in _asked(request) for request, _ in exchanges["ListMetrics"])
    assert any("NextToken" in _asked(request) for request, _ in exchanges["GetMetricData"])
