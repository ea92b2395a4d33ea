"""Azure's lists know only what is there now: what the platform keeps of them resolves what is gone."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.base import (
    CredentialError,
    PermanentProviderError,
    ResourceState,
    SourceAccount,
    UsageRow,
    UsageSource,
    Window,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.resources import merged_states
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
SCENARIO = Scenario(first_day=dt.date(2026, 10, 22), orgs=("acme",))
WHOLE = Window.of_days(SCENARIO.first_day, SCENARIO.last_day)
NAMES = ("sub_account_id", "resource_id", "model", "service_tier", "provider_service_tier", "region_id", "geography")

OpenSource = Callable[..., HttpUsageSource]
Usage = Mapping[tuple[Any, ...], Decimal]


class Unlimited:
    def acquire(self) -> float:
        return 0.0


def open_source(
    simulator: Simulator, *, known: Sequence[ResourceState] = (), route: str = "resource", secret: str | None = None
) -> HttpUsageSource:
    config = load_provider_configs(CONFIGS, simulator.environment("azure_openai"))["azure_openai"]
    return usage_source(
        config,
        secret or simulator.admin_key("acme", "azure_openai"),
        SessionOptions(now=lambda: simulator.now, rate_limiter=Unlimited(), sleep=lambda _: None),
        account=SourceAccount(id=simulator.account_id("acme", "azure_openai"), options={"route": route}),
        known_resources=known,
    )


def read(source: AbstractContextManager[UsageSource], window: Window) -> list[UsageRow]:
    with source as opened:
        return list(opened.normalise(list(opened.fetch(window)), window))


def by_key(rows: Sequence[UsageRow]) -> Usage:
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        who = (row.sub_account_id, row.resource_id, row.provider_model_id, row.service_tier, row.provider_service_tier)
        key = (*who, row.region_id, row.geography, row.period_start.date().isoformat(), row.meter)
        sums[key] += row.quantity
    return dict(sums)


def truth_of(simulator: Simulator, window: Window) -> Usage:
    days = {day.isoformat() for day in window.days}
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in simulator.truth()["rows"]:
        if row["provider"] == "azure_openai" and row["date"] in days and row["flow"] == "payg":
            sums[*(row[name] for name in NAMES), row["date"], row["meter"]] += row["quantity"]
    return dict(sums)


@pytest.fixture
def long_after() -> Iterator[Simulator]:
    """The simulator on a day on which the pilot's deployment is gone."""
    now = dt.datetime.combine(SCENARIO.last_day, dt.time(6), dt.UTC) + dt.timedelta(days=4)
    with running_simulator(scenario=SCENARIO, now=now) as simulator:
        yield simulator


def listed_before(now: dt.datetime) -> Sequence[ResourceState]:
    """What a platform keeps that has listed the deployments once a day until `now`."""
    known: Sequence[ResourceState] = ()
    with running_simulator(scenario=SCENARIO, now=WHOLE.start + dt.timedelta(days=1, hours=6)) as simulator:
        while simulator.now <= now:
            day = simulator.now.date() - dt.timedelta(days=1)
            with open_source(simulator, known=known) as source:
                pages = list(source.fetch(Window.of_days(day, day)))
                known = merged_states(known, source.resources(pages), simulator.now)
            simulator.advance(simulator.now + dt.timedelta(days=1))
    return known


def models_of(rows: Sequence[UsageRow], name: str) -> set[str | None]:
    return {row.provider_model_id for row in rows if str(row.resource_id).endswith(f"/{name}")}


def test_a_deployment_that_was_deleted_after_its_usage_is_resolved_by_the_lists_of_the_days_before(long_after):
    known = listed_before(long_after.now - dt.timedelta(days=3))
    rows = read(open_source(long_after, known=known), WHOLE)
    assert models_of(rows, "pilot") == {"gpt-4o-mini-2024-07-18"}
    assert by_key(rows) == truth_of(long_after, WHOLE)


def test_without_these_lists_its_tokens_are_all_there_and_have_no_model(long_after):
    rows = read(open_source(long_after), WHOLE)
    truth = truth_of(long_after, WHOLE)
    assert models_of(rows, "pilot") == {None}
    assert sum(row.quantity for row in rows) == sum(truth.values())


def test_each_day_read_on_the_next_morning_has_the_models_of_that_day():
    start = WHOLE.start + dt.timedelta(days=1, hours=6)
    known: Sequence[ResourceState] = ()
    models: dict[str, str | None] = {}
    with running_simulator(scenario=SCENARIO, now=start) as simulator:
        for day in WHOLE.days:
            window = Window.of_days(day, day)
            with open_source(simulator, known=known) as source:
                pages = list(source.fetch(window))
                rows = list(source.normalise(pages, window))
                known = merged_states(known, source.resources(pages), simulator.now)
            assert by_key(rows) == truth_of(simulator, window)
            models |= {day.isoformat(): model for model in models_of(rows, "gpt-4o-assist")}
            simulator.advance(simulator.now + dt.timedelta(days=1))
    switch = SCENARIO.release_day.isoformat()
    assert {model for day, model in models.items() if day < switch} == {"gpt-4o-2024-08-06"}
    assert {model for day, model in models.items() if day >= switch} == {"gpt-4o-2024-11-20"}


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator(scenario=SCENARIO) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    running.clear_requests()
    yield running
    running.clear_faults()


@pytest.mark.parametrize("route", ["resource", "batch"])
def test_both_routes_read_the_truth(simulator, route):
    rows = read(open_source(simulator, route=route), WHOLE)
    assert by_key(rows) == truth_of(simulator, WHOLE)


def test_the_batch_route_asks_the_data_plane_of_each_region_and_no_single_account(simulator):
    read(open_source(simulator, route="batch"), WHOLE)
    asked = {
        request.path for request in simulator.requests if "metrics" in request.path and "efinitions" not in request.path
    }
    assert {path.split("/")[2] for path in asked} == {"eastus", "eastus2", "swedencentral"}
    assert all(path.endswith("/metrics:getBatch") for path in asked)


def test_one_token_for_each_scope_is_asked_for_in_a_whole_read(simulator):
    read(open_source(simulator, route="batch"), WHOLE)
    assert sum(request.path.endswith("/token") for request in simulator.requests) == 2


@pytest.mark.parametrize("route", ["resource", "batch"])
def test_provisioned_deployments_are_measured_and_not_read(simulator, route):
    rows = read(open_source(simulator, route=route), WHOLE)
    assert not [row for row in rows if "ptu" in str(row.resource_id)]


@pytest.mark.parametrize("kind", ["repeated_page_token", "endless_pages"])
@pytest.mark.parametrize("listed", ["CognitiveServices/accounts", "/deployments"])
def test_a_list_that_does_not_end_is_an_error(simulator, kind, listed):
    simulator.set_fault("azure_openai", kind, path_prefix=listed)
    with pytest.raises(PermanentProviderError):
        read(open_source(simulator), WHOLE)


@pytest.mark.parametrize("route", ["resource", "batch"])
def test_a_page_of_deployments_that_is_lost_leaves_rows_without_a_model_in_place_of_a_loss(simulator, route):
    simulator.set_fault("azure_openai", "dropped_page", path_prefix="/deployments")
    rows = read(open_source(simulator, route=route), WHOLE)
    truth = truth_of(simulator, WHOLE)
    assert by_key(rows) != truth
    assert sum(row.quantity for row in rows if row.provider_model_id is None) > 0


def test_a_region_that_the_data_plane_leaves_out_is_an_error(simulator):
    simulator.set_fault("azure_openai", "dropped_region", path_prefix="getBatch")
    with pytest.raises(PermanentProviderError, match="swedencentral"):
        read(open_source(simulator, route="batch"), WHOLE)


def test_the_batch_route_without_the_role_on_the_subscription_names_it(simulator):
    simulator.set_fault("azure_openai", "unauthorized", path_prefix="getBatch")
    with pytest.raises(CredentialError, match="Monitoring Reader"):
        read(open_source(simulator, route="batch"), WHOLE)


def test_each_check_passes_with_the_roles_and_fails_without(simulator):
    with open_source(simulator) as source:
        assert [bool(check.run()) for check in source.checks(simulator.now)] == [True] * 3
    refused = 0
    with open_source(simulator, secret=simulator.inference_key("acme", "azure_openai")) as source:
        for check in source.checks(simulator.now):
            with pytest.raises(CredentialError, match="Reader"):
                check.run()
            refused += 1
    assert refused == 3
