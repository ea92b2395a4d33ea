"""The real sources over a real socket: what they read is what the simulator knows to be true, or an error."""

import datetime as dt
import functools
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    ProviderError,
    ResourceState,
    SourceAccount,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import source_class_of, usage_source
from genai_finops.providers.resources import merged_states
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
ORGS = ("acme", "globex", "initech")
SCENARIO = Scenario()
WHOLE = Window.of_days(SCENARIO.first_day, SCENARIO.last_day)
WEEK = Window.of_days(dt.date(2026, 10, 26), dt.date(2026, 11, 1))

#: What every server can do wrong, with the options of the fault.
LASTING_FAULTS: dict[str, tuple[dict[str, Any], type[ProviderError]]] = {
    "unauthorized": ({}, CredentialError),
    "forbidden": ({}, CredentialError),
    "rate_limited": ({"retry_after": 2}, TransientProviderError),
    "server_error": ({}, TransientProviderError),
    "unavailable": ({}, TransientProviderError),
    "overloaded": ({}, TransientProviderError),
    "timeout": ({"seconds": 3}, TransientProviderError),
    "disconnect": ({}, TransientProviderError),
    "truncated_body": ({}, TransientProviderError),
    "not_json": ({}, TransientProviderError),
}
#: What a page can have wrong, if the provider's pages have what is spoilt.
PAGE_ERRORS: dict[str, type[ProviderError]] = {
    "repeated_page_token": PermanentProviderError,
    "endless_pages": PermanentProviderError,
    "has_more_without_next_page": MalformedPageError,
    "missing_field": MalformedPageError,
    "unknown_usage_field": MalformedPageError,
    "unknown_tier": MalformedPageError,
    "negative_quantity": MalformedPageError,
    "wrong_type": MalformedPageError,
    "bad_identity": MalformedPageError,
}
DROPPED = ("dropped_page", "dropped_region", "dropped_namespace")


def having(*kinds: str) -> list[Any]:
    """Each provider with each of the kinds that its pages can have wrong."""
    return [
        pytest.param(provider.id, kind, id=f"{provider.id}-{kind}")
        for provider in PROVIDERS.values()
        for kind in kinds
        if kind in provider.faults
    ]


class Unlimited:
    def acquire(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    yield running
    running.clear_faults()


def source_of(
    simulator: Simulator,
    provider: str,
    org: str = "acme",
    *,
    secret: str | None = None,
    sleeps: list[float] | None = None,
    known: Sequence[ResourceState] = (),
    in_small_pages: bool = False,
    patience: float | None = None,
) -> HttpUsageSource:
    """`patience`: seconds to wait for an answer, where a test is about waiting."""
    config = load_provider_configs(CONFIGS, simulator.environment(provider))[provider]
    timeouts = config.http.timeouts
    if patience is not None:
        timeouts = timeouts.model_copy(update={"read": patience})
    limits = {"max_pages": 100, "page_buckets": 2, "page_entries": 2} if in_small_pages else {"max_pages": 20}
    flows = {name: flow.model_copy(update=limits) for name, flow in config.flows.items()}
    http = config.http.model_copy(update={"timeouts": timeouts})
    config = config.model_copy(update={"http": http, "flows": flows})
    slept = [] if sleeps is None else sleeps
    account = SourceAccount(id=simulator.account_id(org, provider), options=simulator.account_options(org, provider))
    return usage_source(
        config,
        secret or simulator.admin_key(org, provider),
        SessionOptions(now=lambda: simulator.now, sleep=slept.append, rate_limiter=Unlimited()),
        account=account,
        known_resources=known,
    )


@functools.cache
def listed_day_by_day(provider: str, org: str) -> Sequence[ResourceState]:
    """What a platform knows that has read each day after its end: lists forget what is deleted."""
    known: Sequence[ResourceState] = ()
    if provider_lists_nothing(provider):
        return known
    with running_simulator(now=WHOLE.start + dt.timedelta(days=1, hours=6)) as simulator:
        # Every fourth day, and the last: a resource is known once any list has named it.
        for day in sorted({*WHOLE.days[::4], WHOLE.days[-1]}):
            simulator.advance(dt.datetime.combine(day, dt.time(6), dt.UTC) + dt.timedelta(days=1))
            with source_of(simulator, provider, org, known=known) as source:
                pages = list(source.fetch(Window.of_days(day, day)))
                known = merged_states(known, source.resources(pages), simulator.now)
    return known


def provider_lists_nothing(provider: str) -> bool:
    """Whether the provider's usage names no resources that are listed elsewhere."""
    source_class, _ = source_class_of(load_provider_configs(CONFIGS, {})[provider], "payg")
    return source_class.resources is HttpUsageSource.resources


def read(source: HttpUsageSource, window: Window) -> list[UsageRow]:
    with source:
        return list(source.normalise(list(source.fetch(window)), window))


def read_known(simulator: Simulator, provider: str, window: Window, org: str = "acme", **options: Any) -> Any:
    """Usage by key, read by a platform that has read every day before."""
    return as_keys(read(source_of(simulator, provider, org, known=listed_day_by_day(provider, org), **options), window))


def as_keys(rows: list[UsageRow]) -> dict[tuple[Any, ...], Decimal]:
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = (
            row.sub_account_id,
            row.sub_account_name,
            row.api_key_id,
            row.resource_id,
            row.provider_model_id,
            row.service_tier,
            row.provider_service_tier,
            row.region_id,
            row.geography,
            row.context_band,
            row.variant,
            row.period_start.date().isoformat(),
            row.meter,
        )
        sums[key] += row.quantity
    return dict(sums)


@functools.lru_cache(maxsize=2)
def truth_at(simulator: Simulator, _now: dt.datetime) -> list[dict[str, Any]]:
    """Rows of the truth of a moment; it takes a second to work out."""
    rows: list[dict[str, Any]] = simulator.truth()["rows"]
    return rows


def true_usage(simulator: Simulator, provider: str, org: str, window: Window) -> dict[tuple[Any, ...], Decimal]:
    days = {day.isoformat() for day in window.days}
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in truth_at(simulator, simulator.now):
        if (row["org"], row["provider"], row["flow"]) == (org, provider, "payg") and row["date"] in days:
            names = ("sub_account_id", "sub_account_name", "api_key_id", "resource_id", "model", "service_tier")
            more = ("provider_service_tier", "region_id", "geography", "context_band", "variant", "date", "meter")
            sums[tuple(row[name] for name in (*names, *more))] += row["quantity"]
    return dict(sums)


def difference(read: dict[Any, Decimal], true: dict[Any, Decimal]) -> dict[Any, Any]:
    """What was read and what is true, where they differ."""
    return {key: (read.get(key), true.get(key)) for key in read.keys() | true.keys() if read.get(key) != true.get(key)}


@pytest.mark.parametrize("org", ORGS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_usage_by_every_dimension_equals_the_simulators_truth(simulator, provider, org):
    rows = read_known(simulator, provider, WHOLE, org)
    assert rows
    assert difference(rows, true_usage(simulator, provider, org, WHOLE)) == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_small_pages_hold_the_same_usage(simulator, provider):
    rows = read_known(simulator, provider, WEEK, in_small_pages=True)
    assert difference(rows, true_usage(simulator, provider, "acme", WEEK)) == {}


@pytest.mark.parametrize(("provider", "kind"), having(*DROPPED))
def test_what_the_provider_leaves_out_is_an_error_or_makes_a_difference(simulator, provider, kind):
    # By a platform that knows nothing yet: what it knows from other days may make up for a list that is short.
    whole = as_keys(read(source_of(simulator, provider, in_small_pages=True), WEEK))
    simulator.clear_requests()
    simulator.set_fault(provider, kind)
    try:
        rows = as_keys(read(source_of(simulator, provider, in_small_pages=True), WEEK))
    except ProviderError:
        rows = {}
    assert kind in {request.fault for request in simulator.requests}
    assert difference(rows, whole) != {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_today_is_read_as_far_as_it_has_come(simulator, provider):
    today = Window.of_days(simulator.now.date(), simulator.now.date())
    rows = read_known(simulator, provider, today)
    assert difference(rows, true_usage(simulator, provider, "acme", today)) == {}


@pytest.mark.parametrize("kind", LASTING_FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_lasting_fault_is_an_error_of_its_class_and_never_no_rows(simulator, provider, kind):
    options, error = LASTING_FAULTS[kind]
    simulator.set_fault(provider, kind, path_prefix=PROVIDERS[provider].usage_path, **options)
    with pytest.raises(error) as refused:
        read(source_of(simulator, provider, patience=1.0 if kind == "timeout" else None), WEEK)
    assert isinstance(refused.value, ProviderError)
    assert simulator.admin_key("acme", provider) not in str(refused.value)


@pytest.mark.parametrize(("provider", "kind"), having(*PAGE_ERRORS))
def test_a_page_that_is_wrong_is_an_error_of_its_class_and_never_no_rows(simulator, provider, kind):
    simulator.set_fault(provider, kind, path_prefix=PROVIDERS[provider].usage_path)
    with pytest.raises(PAGE_ERRORS[kind]):
        read(source_of(simulator, provider), WEEK)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rate_limited", {"retry_after": 2}),
        ("rate_limited", {}),
        ("server_error", {}),
        ("overloaded", {}),
        ("timeout", {"seconds": 4}),
        ("disconnect", {}),
        ("truncated_body", {}),
        ("not_json", {}),
    ],
)
def test_a_fault_that_passes_loses_nothing(simulator, provider, kind, options):
    simulator.set_fault(provider, kind, path_prefix=PROVIDERS[provider].usage_path, times=2, **options)
    rows = read_known(simulator, provider, WEEK, patience=2.0 if kind == "timeout" else None)
    assert difference(rows, true_usage(simulator, provider, "acme", WEEK)) == {}


@pytest.mark.parametrize("is_first_request", [True, False], ids=["first-request", "usage-request"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_rate_limit_is_waited_out_for_the_seconds_it_names(simulator, provider, is_first_request):
    path = None if is_first_request else PROVIDERS[provider].usage_path
    simulator.set_fault(provider, "rate_limited", times=1, retry_after=3, path_prefix=path)
    sleeps: list[float] = []
    read_known(simulator, provider, WEEK, sleeps=sleeps)
    assert len(sleeps) == 1
    assert sleeps == [3.0] or not names_a_wait(provider)


def names_a_wait(provider: str) -> bool:
    """Whether the provider says how long to wait, in a header or in the body."""
    simulated = PROVIDERS[provider]
    refusal = simulated.failure(429, retry_after="3")
    return refusal.retry_after == "3" or "3s" in str(simulated.error_body(refusal, "request"))


@pytest.mark.parametrize(("provider", "kind"), having("unknown_field"))
def test_an_unknown_field_without_usage_is_tolerated_and_reported(simulator, provider, kind, caplog):
    simulator.set_fault(provider, kind, path_prefix=PROVIDERS[provider].usage_path)
    rows = read_known(simulator, provider, WEEK)
    assert difference(rows, true_usage(simulator, provider, "acme", WEEK)) == {}
    assert "unknown_field=" in caplog.text


#: Their totals are asked for apart, and do not add up once one answer out of several names another model.
CROSS_CHECKED = {"anthropic"}


@pytest.mark.parametrize(
    ("provider", "kind"), [param for param in having("unknown_model") if param.values[0] not in CROSS_CHECKED]
)
def test_an_unknown_model_is_usage_like_any_other(simulator, provider, kind):
    simulator.set_fault(provider, kind, path_prefix=PROVIDERS[provider].usage_path)
    rows = read_known(simulator, provider, WEEK)
    truth = true_usage(simulator, provider, "acme", WEEK)
    assert sum(rows.values()) == sum(truth.values())
    assert {key[3:5] for key in rows} - {key[3:5] for key in truth}


@pytest.mark.parametrize(("provider", "kind"), having("short_list_pages"))
def test_short_pages_of_a_list_are_all_followed(simulator, provider, kind):
    simulator.set_fault(provider, kind)
    rows = read_known(simulator, provider, WEEK)
    assert difference(rows, true_usage(simulator, provider, "acme", WEEK)) == {}


@pytest.mark.parametrize(("provider", "kind"), having("empty"))
def test_a_true_empty_answer_is_no_rows(simulator, provider, kind):
    simulator.set_fault(provider, kind)
    assert read(source_of(simulator, provider), WEEK) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_credential_that_may_not_read_usage_is_refused_and_never_shown(simulator, provider, caplog):
    caplog.set_level(logging.DEBUG)
    secret = simulator.inference_key("acme", provider)
    source = source_of(simulator, provider, secret=secret)
    with pytest.raises(CredentialError) as refused:
        read(source, WEEK)
    shown = f"{refused.value} {caplog.text}"
    assert [part for part in type(source).secret_parts(secret) if part and part in shown] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_days_that_are_restated_are_read_with_their_new_numbers(provider):
    day = dt.date(2026, 11, 4)
    window = Window.of_days(day, day)
    with running_simulator(scenario=Scenario(first_day=day, last_day=day, orgs=("acme",))) as simulator:
        early = as_keys(read(source_of(simulator, provider), window))
        simulator.advance(simulator.now + dt.timedelta(days=3))
        late = as_keys(read(source_of(simulator, provider), window))
        truth = true_usage(simulator, provider, "acme", window)
    assert difference(late, truth) == {}
    assert sum(late.values()) > sum(early.values())


def test_the_account_behind_an_anthropic_key_is_the_organisation(simulator):
    with source_of(simulator, "anthropic") as source:
        account = source.account()
    assert account is not None
    assert account.id == simulator.account_id("acme", "anthropic")
