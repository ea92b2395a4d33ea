"""Hours of machines and accelerators of three clouds, read from the simulator over a socket."""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import JSONParser
from botocore.validate import ParamValidator

from genai_finops.providers.base import MissingRightError, ResourceState, TransientProviderError, Window
from genai_finops.providers.resources import merged_states
from genai_finops.simulator.infrastructure_truth import infrastructure_truth
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.world import World, build_world

from .discovery import answer_problems, document, request_problems
from .infrastructure_fetches import (
    PROVIDERS,
    Fetched,
    fetched,
    infrastructure_source,
    quantities,
    true_quantities,
)

SCENARIO = Scenario(orgs=("acme",))
WHOLE = Window.of_days(SCENARIO.first_day, SCENARIO.last_day)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
#: Moments of lists: the first model is deployed, then the second one beside it, then the first one is gone.
LISTED_AT = tuple(dt.datetime(2026, 10, day, 6, tzinfo=dt.UTC) for day in (5, 20, 22))
QUERY = "/arm/subscriptions/"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Simulator, tuple[ResourceState, ...]]]:
    """A simulator at NOW, and what lists of before remember."""
    known: tuple[ResourceState, ...] = ()
    with running_simulator(scenario=SCENARIO, now=LISTED_AT[0]) as simulator:
        for moment in LISTED_AT:
            simulator.advance(moment)
            with infrastructure_source(simulator, "gcp_vertex") as source:
                pages = list(source.fetch_lists())
                known = merged_states(known, source.resources(pages), moment, complete=source.listed_types(pages))
        simulator.advance(NOW)
        yield simulator, known


@pytest.fixture
def simulator(running) -> Iterator[Simulator]:
    running[0].clear_faults()
    yield running[0]
    running[0].clear_faults()


@pytest.fixture(scope="module")
def reads(running) -> dict[str, Fetched]:
    simulator, known = running
    return {provider: fetched(simulator, provider, WHOLE, known=known) for provider in PROVIDERS}


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(SCENARIO)


@pytest.fixture(scope="module")
def truth(world) -> list[dict[str, Any]]:
    return infrastructure_truth(world, Ledger(SCENARIO, NOW), "hour")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_hours_are_those_of_the_truth(provider, reads, truth):
    assert quantities(reads[provider].rows) == true_quantities(truth, provider)


def test_rows_of_one_day_are_the_same_whatever_window_they_were_read_in(running, reads):
    simulator, known = running
    day = dt.date(2026, 10, 7)
    alone = fetched(simulator, "gcp_vertex", Window.of_days(day, day), known=known).rows
    among = [row for row in reads["gcp_vertex"].rows if row.period_start.date() == day]
    assert quantities(alone) == quantities(among)


def test_a_model_that_is_undeployed_keeps_the_machine_that_an_earlier_list_named(running):
    _, known = running
    ranker = next(state for state in known if state.resource.resource_name == "ranker-v3")
    assert (ranker.missed_at, ranker.resource.sku_name) == (LISTED_AT[2], "n1-standard-8")


def test_replicas_of_a_model_that_no_list_ever_named_are_hours_without_a_price(simulator, caplog):
    day = dt.date(2026, 10, 8)
    rows = fetched(simulator, "gcp_vertex", Window.of_days(day, day)).rows
    found = {(row.meter, row.variant, row.quantity) for row in rows if row.resource_type == "Deployed model"}
    assert {(meter, variant) for meter, variant, _ in found} == {("node_hour", None)}
    # One replica, three of them from half past nine to five.
    assert {quantity for *_, quantity in found} == {Decimal(1), Decimal(2), Decimal(3)}
    assert "deployedmodels/810001: its machine is in no list" in caplog.text


def test_a_project_without_locations_is_not_asked(simulator):
    read = fetched(simulator, "gcp_vertex", WHOLE, options={})
    assert (read.rows, read.exchanges) == ([], [])


def test_a_list_that_lost_its_last_page_does_not_say_that_models_are_gone(simulator):
    with infrastructure_source(simulator, "gcp_vertex") as source:
        pages = list(source.fetch_lists())
        assert source.listed_types(pages) == frozenset({"Deployed model"})
        assert source.listed_types(pages[:-1]) == frozenset()


def test_the_day_before_is_on_the_bill_in_part_only_and_grows(world, truth):
    """The last day of the scenario ended six hours ago."""
    last = SCENARIO.last_day.isoformat()
    shown = {key: hours for key, hours in true_quantities(truth, "aws_bedrock").items() if key[-2] == last}
    later = infrastructure_truth(world, Ledger(SCENARIO, NOW + dt.timedelta(days=2)), "hour")
    final = {key: hours for key, hours in true_quantities(later, "aws_bedrock").items() if key[-2] == last}
    assert shown.keys() == final.keys()
    assert all(shown[key] < final[key] for key in final)


@pytest.mark.parametrize(
    ("provider", "needed"),
    [
        ("gcp_vertex", "customJobs.list"),
        ("aws_bedrock", "ce:GetCostAndUsage"),
        ("azure_openai", "Cost Management Reader"),
    ],
)
def test_a_credential_without_the_right_is_told_which_one(provider, needed, simulator):
    secret = simulator.inference_key("acme", provider)
    with pytest.raises(MissingRightError, match=needed):
        fetched(simulator, provider, WHOLE, secret=secret)


def test_the_longest_wait_of_several_budgets_is_waited_for(simulator):
    simulator.set_fault("azure_openai", "rate_limited", path_prefix=QUERY, times=1, retry_after=17)
    sleeps: list[float] = []
    day = dt.date(2026, 10, 9)
    read = fetched(simulator, "azure_openai", Window.of_days(day, day), sleeps=sleeps)
    assert (sleeps, len(read.rows)) == ([17], 1)


def test_a_budget_that_is_used_up_for_long_gives_up_at_once(simulator):
    simulator.set_fault("azure_openai", "rate_limited", path_prefix=QUERY, retry_after=900)
    with pytest.raises(TransientProviderError, match="asks to wait 900 s"):
        fetched(simulator, "azure_openai", WHOLE)


def test_a_subscription_without_machines_is_answered_with_nothing(simulator):
    first = SCENARIO.first_day - dt.timedelta(days=2)
    read = fetched(simulator, "azure_openai", Window.of_days(first, first))
    assert ([answer.status_code for _, answer in read.exchanges[1:]], read.rows) == ([204, 204], [])


def test_every_page_of_a_query_is_posted_with_the_same_body(simulator):
    fortnight = Window.of_days(dt.date(2026, 10, 7), dt.date(2026, 10, 20))
    exchanges = fetched(simulator, "azure_openai", fortnight).exchanges
    posted = [request for request, _ in exchanges if b'"Meter"' in request.content]
    assert ["skiptoken" in str(request.url) for request in posted] == [False, *[True] * (len(posted) - 1)]
    assert len(posted) > 1
    assert len({request.content for request in posted}) == 1
    assert {request.headers["clienttype"] for request in posted} == {"genai-finops"}


def test_requests_and_answers_are_those_of_vertex_ai(reads):
    api = document("aiplatform.v1")
    asked = [
        (request, answer) for request, answer in reads["gcp_vertex"].exchanges if "/aiplatform/" in request.url.path
    ]
    assert {request.url.path.rpartition("/")[2] for request, _ in asked} == {"customJobs", "endpoints"}
    for request, answer in asked:
        path = "/v1" + request.url.path.partition("/v1")[2]
        plain = type(request)("GET", request.url.copy_with(path=path))
        assert request_problems(api, plain) == []
        assert answer_problems(api, "GET", path, json.loads(answer.content)) == []


def test_requests_and_answers_are_those_of_cost_explorer(reads):
    operation = ServiceModel(Loader().load_service_model("ce", "service-2")).operation_model("GetCostAndUsage")
    asked = [(request, answer) for request, answer in reads["aws_bedrock"].exchanges if "/ce/" in request.url.path]
    assert len(asked) > 1
    for request, answer in asked:
        assert not ParamValidator().validate(json.loads(request.content), operation.input_shape).has_errors()
        whole = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        parsed = JSONParser().parse(whole, operation.output_shape)
        assert parsed["ResultsByTime"]
        assert set(json.loads(answer.content)) <= set(parsed)
