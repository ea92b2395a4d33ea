"""The simulated Azure as a client of its own sees it: the quirks that the real one has."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

ARM_SCOPE = "https://management.azure.com/.default"
METRICS_SCOPE = "https://metrics.monitor.azure.com/.default"
WEEK = "2026-10-26T00:00:00Z/2026-11-02T00:00:00Z"
LISTS = {"api-version": "2025-09-01"}
BY_DEPLOYMENT = "ModelDeploymentName eq '*'"


@pytest.fixture(scope="session")
def azure() -> Iterator[Simulator]:
    scenario = Scenario(first_day=dt.date(2026, 10, 26), orgs=("acme", "globex"))
    with running_simulator(scenario=scenario) as simulator:
        yield simulator


def address(simulator: Simulator, name: str) -> str:
    return simulator.environment("azure_openai")[f"GENAI_FINOPS_AZURE_OPENAI_{name}"]


def token_for(simulator: Simulator, secret: str, scope: str = ARM_SCOPE, **changed: str) -> httpx.Response:
    known = json.loads(secret) | changed
    form = {"grant_type": "client_credentials", "scope": scope}
    form |= {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    return httpx.post(f"{address(simulator, 'AUTH_URL')}/{known['tenant_id']}/oauth2/v2.0/token", data=form)


def bearer(simulator: Simulator, scope: str = ARM_SCOPE, *, secret: str | None = None) -> dict[str, str]:
    answer = token_for(simulator, secret or simulator.admin_key("acme", "azure_openai"), scope)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


class Client:
    """A client of acme's subscription."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.base = address(simulator, "BASE_URL")
        self.subscription = f"/subscriptions/{simulator.account_id('acme', 'azure_openai')}"
        self.headers = bearer(simulator)
        self.accounts = self.all(f"{self.subscription}/providers/Microsoft.CognitiveServices/accounts")

    def get(self, path: str, params: dict[str, str], **more: Any) -> httpx.Response:
        url = path if path.startswith("http") else self.base + path
        return httpx.get(url, params=params or None, headers=self.headers, timeout=30, **more)

    def all(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path, LISTS).json()
        entries = list(answer["value"])
        while answer["nextLink"]:
            answer = self.get(answer["nextLink"], {}).json()
            entries += answer["value"]
        return entries

    def account(self, region: str) -> str:
        return str(next(entry["id"] for entry in self.accounts if entry["location"] == region))

    def metrics(self, region: str = "eastus", **changed: str) -> httpx.Response:
        params = {
            "api-version": "2024-02-01",
            "timespan": WEEK,
            "interval": "PT1H",
            "metricnames": "ProcessedPromptTokens",
            "aggregation": "total",
            **changed,
        }
        return self.get(f"{self.account(region)}/providers/Microsoft.Insights/metrics", params)

    def batch(self, body: Any, *, region: str = "eastus", **changed: str) -> httpx.Response:
        params = {
            "api-version": "2024-02-01",
            "starttime": "2026-10-26T00:00:00Z",
            "endtime": "2026-11-02T00:00:00Z",
            "interval": "PT1H",
            "metricnamespace": "Microsoft.CognitiveServices/accounts",
            "metricnames": "TokenTransaction",
            "aggregation": "total",
            **changed,
        }
        url = address(self.simulator, "METRICS_URL").replace("{region}", region)
        headers = bearer(self.simulator, METRICS_SCOPE)
        params = {name: value for name, value in params.items() if value}
        return httpx.post(f"{url}{self.subscription}/metrics:getBatch", params=params, json=body, headers=headers)


@pytest.fixture
def client(azure: Simulator) -> Iterator[Client]:
    azure.clear_faults()
    yield Client(azure)
    azure.clear_faults()


def series_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"][0]["timeseries"]
    return found


def total_of(answer: httpx.Response) -> float:
    return sum(point.get("total", 0.0) for found in series_of(answer) for point in found["data"])


@pytest.mark.parametrize(
    ("changed", "status", "number"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, 700016),
        ({"tenant_id": "nowhere.example"}, 400, 90002),
    ],
)
def test_a_wrong_credential_is_refused_with_entras_number(azure, changed, status, number):
    answer = token_for(azure, azure.admin_key("acme", "azure_openai"), **changed)
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])


def test_a_scope_that_is_not_a_default_is_refused(azure):
    answer = token_for(azure, azure.admin_key("acme", "azure_openai"), "https://management.azure.com/user_read")
    assert answer.json()["error"] == "invalid_scope"


def test_a_token_of_the_wrong_audience_is_refused(client):
    client.headers = bearer(client.simulator, METRICS_SCOPE)
    answer = client.metrics()
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_tampered_with_is_refused(client, part):
    parts = client.headers["Authorization"].split(".")
    parts[part] = parts[part][:-3] + ("AAA" if parts[part][-3:] != "AAA" else "BBB")
    client.headers = {"Authorization": ".".join(parts)}
    assert client.metrics().status_code == 401


def test_an_app_without_a_role_is_refused(client):
    client.headers = bearer(client.simulator, secret=client.simulator.inference_key("acme", "azure_openai"))
    answer = client.metrics()
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_another_organisations_token_does_not_open_the_subscription(client):
    client.headers = bearer(client.simulator, secret=client.simulator.admin_key("globex", "azure_openai"))
    assert client.metrics().json()["error"]["code"] == "SubscriptionNotFound"


def test_an_api_version_is_needed(client):
    assert client.metrics(**{"api-version": ""}).status_code == 400


def test_lists_come_in_pages_with_absolute_links(client):
    first = client.get(f"{client.subscription}/providers/Microsoft.CognitiveServices/accounts", LISTS).json()
    assert first["nextLink"].startswith(client.base)
    assert len(client.accounts) == 4


def test_a_deployment_that_is_deleted_leaves_no_trace():
    with running_simulator(scenario=Scenario(orgs=("acme",))) as simulator:
        client = Client(simulator)
        before = {entry["name"] for entry in client.all(f"{client.account('eastus')}/deployments")}
        simulator.advance(simulator.now + dt.timedelta(hours=6))
        after = {entry["name"] for entry in client.all(f"{client.account('eastus')}/deployments")}
    assert before - after == {"pilot"}


def test_ids_of_deployments_are_in_another_case_than_those_of_their_account(client):
    path = client.account("eastus")
    ids = [entry["id"] for entry in client.all(f"{path}/deployments")]
    assert all(found.lower().startswith(path.lower()) and not found.startswith(path) for found in ids)


def test_without_top_ten_series_come_and_the_others_vanish(client):
    answers = [client.metrics(**{"$filter": BY_DEPLOYMENT}, **top) for top in ({}, {"top": "2"}, {"top": "1000"})]
    assert [len(series_of(answer)) for answer in answers] == [10, 2, 12]


def test_top_counts_only_with_a_filter(client):
    assert total_of(client.metrics(top="1")) == total_of(client.metrics(**{"$filter": BY_DEPLOYMENT, "top": "1000"}))


def test_dimension_names_come_back_in_lower_case(client):
    [first, *_] = series_of(client.metrics(**{"$filter": BY_DEPLOYMENT}))
    assert first["metadatavalues"][0]["name"]["value"] == "modeldeploymentname"


def test_a_region_comes_back_by_its_display_name(client):
    [found] = series_of(client.metrics(**{"$filter": "Region eq '*'"}))
    assert found["metadatavalues"][0]["value"] == "East US"


def test_usage_without_a_deployment_is_named_empty(client):
    found = series_of(client.metrics(**{"$filter": BY_DEPLOYMENT, "top": "1000"}))
    named = {series["metadatavalues"][0]["value"] for series in found}
    assert "__Empty" in named


def test_points_without_data_are_zero_or_lack_the_aggregation(client):
    found = series_of(client.metrics(**{"$filter": BY_DEPLOYMENT, "top": "1000"}))
    points = [point for series in found for point in series["data"]]
    assert {point.get("total", "none") for point in points} >= {0.0, "none"}


@pytest.mark.parametrize("validate", [{}, {"ValidateDimensions": "true"}], ids=["default", "true"])
def test_a_dimension_that_the_metric_lacks_is_refused_at_the_top_of_the_answer(client, validate):
    answer = client.metrics(**{"$filter": "ModelName eq '*'"}, **validate)
    assert answer.status_code == 400
    assert answer.json()["code"] == "BadRequest"
    assert "does not support requested dimension combination" in answer.json()["message"]


def test_a_dimension_that_is_not_validated_is_ignored(client):
    [found] = series_of(client.metrics(**{"$filter": "ModelName eq '*'", "ValidateDimensions": "false"}))
    assert found["metadatavalues"] == []


def test_several_documented_dimensions_are_refused_by_the_validation(client):
    both = f"{BY_DEPLOYMENT} and ModelVersion eq '*'"
    assert client.metrics(**{"$filter": both}).status_code == 400
    assert client.metrics(**{"$filter": both, "ValidateDimensions": "false"}).status_code == 200


def test_azure_may_pick_another_grain_where_it_is_let(client):
    week = "2026-10-27T00:00:00Z/2026-11-04T00:00:00Z"
    assert client.metrics(timespan=week, AutoAdjustTimegrain="true").json()["interval"] == "PT6H"
    assert client.metrics(timespan=week).json()["interval"] == "PT1H"


@pytest.mark.parametrize("interval", ["PT15M", "PT6H", "P1D", "FULL"])
def test_every_grain_adds_up_to_the_same_total(client, interval):
    assert total_of(client.metrics(interval=interval)) == total_of(client.metrics())


def test_the_older_and_the_newer_names_count_the_same_tokens(client):
    totals = [
        total_of(client.metrics("swedencentral", metricnames=n)) for n in ("ProcessedPromptTokens", "InputTokens")
    ]
    assert totals[0] == totals[1] > 0


def test_an_older_account_does_not_have_the_newer_names(client):
    assert client.metrics(metricnames="InputTokens").status_code == 400


@pytest.mark.parametrize(
    "span", ["2026-07-01T00:00:00Z/2026-07-02T00:00:00Z", "2026-09-01T00:00:00Z/2026-10-20T00:00:00Z", "yesterday"]
)
def test_a_span_that_is_forgotten_too_long_or_none_is_refused(client, span):
    assert client.metrics(timespan=span).status_code == 400


def test_the_data_plane_answers_for_several_resources_of_a_region(client):
    answer = client.batch({"resourceids": [client.account("eastus")]})
    [value] = answer.json()["values"]
    assert value["resourceid"] == client.account("eastus").lower()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"resourceIds": ["x"]}, id="key-in-mixed-case"),
        pytest.param({"resourceids": ["x"] * 51}, id="more-than-fifty"),
        pytest.param({"resourceids": []}, id="none"),
        pytest.param({"resourceids": ["/subscriptions/x/resourceGroups/y"]}, id="unknown"),
    ],
)
def test_a_body_that_the_data_plane_does_not_take_is_refused_in_its_envelope(client, body):
    answer = client.batch(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_a_resource_of_another_region_is_refused(client):
    assert client.batch({"resourceids": [client.account("swedencentral")]}).status_code == 400


def test_the_misspelt_parameter_of_a_documentation_sample_is_not_taken(client):
    answer = client.batch({"resourceids": [client.account("eastus")]}, starttime="", startime="2026-10-28T00:00:00Z")
    assert answer.status_code == 400


def test_a_filter_with_a_dollar_sign_splits_nothing_on_the_data_plane(client):
    ids = {"resourceids": [client.account("eastus")]}
    counts = [
        len(client.batch(ids, **{name: BY_DEPLOYMENT}, top="1000").json()["values"][0]["value"][0]["timeseries"])
        for name in ("$filter", "filter")
    ]
    assert counts == [1, 12]


def test_the_data_plane_can_be_overloaded_and_the_arm_route_throttled(client):
    client.simulator.set_fault("azure_openai", "overloaded", path_prefix="getBatch", times=1)
    client.simulator.set_fault("azure_openai", "rate_limited", path_prefix="Insights/metrics", times=1, retry_after=9)
    overloaded = client.batch({"resourceids": [client.account("eastus")]})
    throttled = client.metrics()
    assert (overloaded.status_code, throttled.status_code, throttled.headers["retry-after"]) == (529, 429, "9")
