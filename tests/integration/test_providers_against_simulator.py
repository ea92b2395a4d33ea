"""The real sources over a real socket: what they read is what the simulator knows to be true, or an error."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    ProviderError,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
PROVIDERS = ("openai", "anthropic")
ORGS = ("acme", "globex", "initech")
USAGE = {"openai": "usage/completions", "anthropic": "usage_report/messages"}
WEEK = Window.of_days(dt.date(2026, 10, 26), dt.date(2026, 11, 1))


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
) -> HttpUsageSource:
    environ = {f"GENAI_FINOPS_{provider.upper()}_BASE_URL": simulator.base_url(provider)}
    config = load_provider_configs(CONFIGS, environ)[provider]
    timeouts = config.http.timeouts.model_copy(update={"read": 0.5, "connect": 0.5})
    flows = {name: flow.model_copy(update={"max_pages": 20}) for name, flow in config.flows.items()}
    http = config.http.model_copy(update={"timeouts": timeouts})
    config = config.model_copy(update={"http": http, "flows": flows})
    slept = [] if sleeps is None else sleeps
    options = SessionOptions(now=lambda: simulator.now, sleep=slept.append, rate_limiter=Unlimited())
    return usage_source(config, secret or simulator.admin_key(org, provider), options)


def read(source: HttpUsageSource, window: Window) -> list[UsageRow]:
    with source:
        return list(source.normalise(list(source.fetch(window)), window))


def as_keys(rows: list[UsageRow]) -> dict[tuple[Any, ...], Decimal]:
    return {
        (
            row.sub_account_id,
            row.sub_account_name,
            row.api_key_id,
            row.resource_id,
            row.provider_model_id,
            row.service_tier,
            row.provider_service_tier,
            row.geography,
            row.context_band,
            row.variant,
            row.period_start.date().isoformat(),
            row.meter,
        ): row.quantity
        for row in rows
    }


def true_usage(simulator: Simulator, provider: str, org: str, window: Window) -> dict[tuple[Any, ...], Decimal]:
    days = {day.isoformat() for day in window.days}
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in simulator.truth()["rows"]:
        if row["org"] == org and row["provider"] == provider and row["date"] in days:
            names = ("sub_account_id", "sub_account_name", "api_key_id", "resource_id", "model", "service_tier")
            more = ("provider_service_tier", "geography", "context_band", "variant", "date", "meter")
            sums[tuple(row[name] for name in (*names, *more))] += row["quantity"]
    return dict(sums)


@pytest.mark.parametrize("org", ORGS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_usage_by_every_dimension_equals_the_simulators_truth(simulator, provider, org):
    window = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 11, 4))
    rows = as_keys(read(source_of(simulator, provider, org), window))
    assert rows == true_usage(simulator, provider, org, window)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_today_is_read_as_far_as_it_has_come(simulator, provider):
    today = Window.of_days(simulator.now.date(), simulator.now.date())
    assert as_keys(read(source_of(simulator, provider), today)) == true_usage(simulator, provider, "acme", today)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("unauthorized", {}, CredentialError),
        ("forbidden", {}, CredentialError),
        ("rate_limited", {"retry_after": 2}, TransientProviderError),
        ("server_error", {}, TransientProviderError),
        ("unavailable", {}, TransientProviderError),
        ("overloaded", {}, TransientProviderError),
        ("timeout", {"seconds": 2}, TransientProviderError),
        ("disconnect", {}, TransientProviderError),
        ("truncated_body", {}, TransientProviderError),
        ("not_json", {}, TransientProviderError),
        ("repeated_page_token", {}, PermanentProviderError),
        ("endless_pages", {}, PermanentProviderError),
        ("has_more_without_next_page", {}, MalformedPageError),
        ("missing_field", {}, MalformedPageError),
        ("unknown_usage_field", {}, MalformedPageError),
        ("unknown_tier", {}, MalformedPageError),
        ("negative_quantity", {}, MalformedPageError),
        ("wrong_type", {}, MalformedPageError),
        ("bad_identity", {}, MalformedPageError),
    ],
)
def test_a_lasting_fault_is_an_error_of_its_class_and_never_no_rows(simulator, provider, kind, options, error):
    simulator.set_fault(provider, kind, path_prefix=USAGE[provider], **options)
    with pytest.raises(error) as refused:
        read(source_of(simulator, provider), WEEK)
    assert isinstance(refused.value, ProviderError)
    assert simulator.admin_key("acme", provider) not in str(refused.value)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rate_limited", {"retry_after": 2}),
        ("rate_limited", {}),
        ("server_error", {}),
        ("overloaded", {}),
        ("timeout", {"seconds": 2}),
        ("disconnect", {}),
        ("truncated_body", {}),
        ("not_json", {}),
    ],
)
def test_a_fault_that_passes_loses_nothing(simulator, provider, kind, options):
    simulator.set_fault(provider, kind, path_prefix=USAGE[provider], times=2, **options)
    rows = as_keys(read(source_of(simulator, provider), WEEK))
    assert rows == true_usage(simulator, provider, "acme", WEEK)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_rate_limit_is_waited_out_for_the_seconds_it_names(simulator, provider):
    simulator.set_fault(provider, "rate_limited", times=1, retry_after=3)
    sleeps: list[float] = []
    read(source_of(simulator, provider, sleeps=sleeps), WEEK)
    assert sleeps == [3.0]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unknown_field_without_usage_is_tolerated_and_reported(simulator, provider, caplog):
    simulator.set_fault(provider, "unknown_field", path_prefix=USAGE[provider])
    rows = as_keys(read(source_of(simulator, provider), WEEK))
    assert rows == true_usage(simulator, provider, "acme", WEEK)
    assert "unknown_field=" in caplog.text


def test_an_unknown_model_is_usage_like_any_other(simulator):
    simulator.set_fault("openai", "unknown_model", path_prefix=USAGE["openai"])
    rows = as_keys(read(source_of(simulator, "openai"), WEEK))
    truth = true_usage(simulator, "openai", "acme", WEEK)
    assert sum(rows.values()) == sum(truth.values())
    assert "mystery-model-9" in {key[4] for key in rows}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_short_pages_of_a_list_are_all_followed(simulator, provider):
    simulator.set_fault(provider, "short_list_pages")
    rows = as_keys(read(source_of(simulator, provider), WEEK))
    assert rows == true_usage(simulator, provider, "acme", WEEK)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_true_empty_answer_is_no_rows(simulator, provider):
    simulator.set_fault(provider, "empty", path_prefix="usage")
    assert read(source_of(simulator, provider), WEEK) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_inference_key_is_refused_and_never_shown(simulator, provider, caplog):
    caplog.set_level(logging.DEBUG)
    secret = simulator.inference_key("acme", provider)
    with pytest.raises(CredentialError) as refused:
        read(source_of(simulator, provider, secret=secret), WEEK)
    assert secret not in str(refused.value)
    assert secret not in caplog.text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_days_that_are_restated_are_read_with_their_new_numbers(provider):
    day = dt.date(2026, 11, 4)
    window = Window.of_days(day, day)
    with running_simulator(scenario=Scenario(first_day=day, last_day=day, orgs=("acme",))) as simulator:
        early = as_keys(read(source_of(simulator, provider), window))
        simulator.advance(simulator.now + dt.timedelta(days=3))
        late = as_keys(read(source_of(simulator, provider), window))
        truth = true_usage(simulator, provider, "acme", window)
    assert late == truth
    assert sum(late.values()) > sum(early.values())


def test_the_account_behind_an_anthropic_key_is_the_organisation(simulator):
    with source_of(simulator, "anthropic") as source:
        account = source.account()
    assert account is not None
    assert account.id == simulator.account_id("acme", "anthropic")
