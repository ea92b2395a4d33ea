"""Our requests for prices and the simulator's answers, held against Google's description of Cloud Billing."""

import datetime as dt
import json
from typing import Any

import httpx
import pytest

from genai_finops.pricing.sources.gcp_billing_catalog import SCOPE, read_gcp_billing_catalog
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.providers.base import SourceAccount
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.simulator.gcp_vertex.wire import GcpVertex
from genai_finops.simulator.gemini.wire import Gemini
from genai_finops.simulator.google.billing_catalog import ACCESS
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.wire import WireRequest, encode

from .discovery import answer_problems, document, method_of, request_problems
from .scripted_source import CONFIGS, Unlimited

pytest.importorskip("googleapiclient")

BILLING = document("cloudbilling.v1")
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
SCENARIO = Scenario(first_day=dt.date(2026, 11, 4), last_day=dt.date(2026, 11, 4), orgs=("acme",))
SIMULATED = {"gcp_vertex": GcpVertex(), "gemini": Gemini()}
Exchange = tuple[httpx.Request, Any]


def exchanges(provider: str) -> list[Exchange]:
    """Requests of one reading, and the simulator's answers."""
    google = SIMULATED[provider]
    account = google.build_account(SCENARIO, "acme")
    found: list[Exchange] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"access_token": "ya29.token", "expires_in": 3599})
        wire = WireRequest(path=request.url.path, params=request.url.params.multi_items(), headers={})
        body = encode(google.answer(wire, account, Ledger(SCENARIO, NOW)))
        found.append((request, json.loads(body)))
        return httpx.Response(200, content=body)

    options = SessionOptions(transport=httpx.MockTransport(handler), now=lambda: NOW, rate_limiter=Unlimited())
    credential = PriceCredential(secret=google.admin_key(7, "acme"), account=SourceAccount(id=account.account_id))
    read_gcp_billing_catalog(load_provider_configs(CONFIGS, {})[provider], credential, options, NOW)
    return found


@pytest.fixture(scope="module", params=sorted(SIMULATED))
def exchanged(request: pytest.FixtureRequest) -> list[Exchange]:
    return exchanges(request.param)


def test_every_request_is_one_of_the_interface_with_its_parameters(exchanged):
    assert len(exchanged) > 1
    assert [problem for request, _ in exchanged for problem in request_problems(BILLING, request)] == []


def test_every_field_of_the_simulators_answers_is_one_of_the_interface(exchanged):
    problems = [
        problem
        for request, answer in exchanged
        for problem in answer_problems(BILLING, "GET", request.url.path, answer)
    ]
    assert problems == []


def test_the_method_is_the_list_of_skus(exchanged):
    names = {method_of(BILLING, request.method, request.url.path).id for request, _ in exchanged}
    assert names == {"cloudbilling.services.skus.list"}


def test_the_scope_is_one_that_the_interface_takes():
    scopes = BILLING["resources"]["services"]["resources"]["skus"]["methods"]["list"]["scopes"]
    assert SCOPE in scopes
    assert frozenset(scopes) == ACCESS.scopes
