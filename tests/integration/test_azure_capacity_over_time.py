"""Provisioned throughput of the simulated Azure, read as the platform does: lists now and then, usage at the end."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    Page,
    PermanentProviderError,
    ResourceState,
    SourceAccount,
    UsageRow,
    Window,
)
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.resources import merged_states
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
#: A deployment is deleted at 18:00 of the first day, another one scaled up at 13:00 of the second.
SCENARIO = Scenario(first_day=dt.date(2026, 10, 5), last_day=dt.date(2026, 10, 7), orgs=("acme",))
WHOLE = Window.of_days(SCENARIO.first_day, SCENARIO.last_day)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

Hours = Mapping[tuple[str | None, dt.datetime], Decimal]


class Unlimited:
    def acquire(self) -> float:
        return 0.0


def open_source(
    simulator: Simulator, *, known: Sequence[ResourceState] = (), secret: str | None = None, **options: str
) -> HttpUsageSource:
    config = load_provider_configs(CONFIGS, simulator.environment("azure_openai"))["azure_openai"]
    account_options = {**simulator.account_options("acme", "azure_openai"), **options}
    return usage_source(
        config,
        secret or simulator.admin_key("acme", "azure_openai"),
        SessionOptions(now=lambda: simulator.now, rate_limiter=Unlimited(), sleep=lambda _: None),
        flow="commitment",
        account=SourceAccount(id=simulator.account_id("acme", "azure_openai"), options=account_options),
        known_resources=known,
    )


def account_of() -> Account:
    return PROVIDERS["azure_openai"].build_account(SCENARIO, "acme")


def snapshot(simulator: Simulator, known: Sequence[ResourceState]) -> Sequence[ResourceState]:
    """What is known after the lists of this moment."""
    with open_source(simulator) as source:
        pages = list(source.fetch_lists())
        return merged_states(known, source.resources(pages), simulator.now, complete=source.listed_types(pages))


@dataclass(frozen=True)
class Reading:
    """Everything of the scenario, read long after, with the lists of each morning before."""

    simulator: Simulator
    source: HttpUsageSource
    pages: Sequence[Page]
    rows: Sequence[UsageRow]
    estate: CapacityEstate

    def hours(self, meter: str) -> Hours:
        """By deployment and hour."""
        return {(row.resource_id, row.period_start): row.quantity for row in self.rows if row.meter == meter}


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    known: Sequence[ResourceState] = ()
    with running_simulator(scenario=SCENARIO, now=WHOLE.start + HOUR * 6) as simulator:
        while simulator.now < WHOLE.end:
            known = snapshot(simulator, known)
            simulator.advance(simulator.now + DAY)
        simulator.advance(WHOLE.end + DAY * 3)
        known = snapshot(simulator, known)
        with open_source(simulator, known=known) as source:
            pages = list(source.fetch(WHOLE))
            rows = list(source.normalise(pages, WHOLE))
            estate = PROVIDERS["azure_openai"].capacity(account_of())
            yield Reading(simulator, source, pages, rows, estate)


def test_units_of_every_hour_are_those_that_were_provisioned(reading):
    hours = [WHOLE.start + HOUR * number for number in range(72)]
    true = {
        (found.resource_id, hour): Decimal(seconds) / 3600
        for found in reading.estate.capacities
        for hour in hours
        if (seconds := found.unit_seconds(hour, hour + HOUR))
    }
    assert reading.hours("ptu_hour") == true


def test_a_scale_up_a_deletion_and_an_idle_deployment_are_among_them(reading):
    units = {
        (str(deployment).rpartition("/")[2], (hour - WHOLE.start) // HOUR): quantity
        for (deployment, hour), quantity in reading.hours("ptu_hour").items()
    }
    assert (units["gpt-41-ptu", 24 + 12], units["gpt-41-ptu", 24 + 13]) == (50, 80)
    assert max(hour for name, hour in units if name == "trial-ptu") == 17
    assert units["swc-ptu", 71] == 100
    assert not [row for row in reading.rows if row.resource_name == "swc-ptu" and row.meter != "ptu_hour"]


def test_tokens_and_requests_on_provisioned_units_are_the_truth(reading):
    names = (
        "sub_account_id",
        "resource_id",
        "model",
        "service_tier",
        "provider_service_tier",
        "region_id",
        "geography",
    )
    true: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in reading.simulator.truth()["rows"]:
        if (row["provider"], row["flow"]) == ("azure_openai", "commitment"):
            true[*(row[name] for name in names), row["date"], row["meter"]] += row["quantity"]
    read: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in reading.rows:
        if row.meter in {"input", "output", "request"}:
            who = (row.sub_account_id, row.resource_id, row.provider_model_id, row.service_tier)
            where = (row.provider_service_tier, row.region_id, row.geography)
            read[*who, *where, row.period_start.date().isoformat(), row.meter] += row.quantity
    assert dict(read) == dict(true)


def test_spilled_over_requests_are_the_truth_hour_by_hour(reading):
    assert reading.hours("spillover_request") == dict(reading.estate.spillover)
    assert reading.estate.spillover


def test_load_never_exceeds_the_units_and_peaks_never_fall_below_it(reading):
    units, peaks = reading.hours("ptu_hour"), reading.hours("peak_utilization")
    busy = reading.hours("busy_unit_hour")
    assert busy
    assert all(load <= units[key] and peaks[key] >= 100 * load / units[key] for key, load in busy.items())


def test_reading_again_gives_the_same_rows(reading):
    assert list(reading.source.normalise(reading.pages, WHOLE)) == list(reading.rows)


def test_a_day_that_is_read_alone_has_the_rows_that_it_has_in_a_longer_window(reading):
    day = Window.of_days(SCENARIO.days[0], SCENARIO.days[0])
    with open_source(reading.simulator, known=reading.source.known_resources) as source:
        rows = list(source.normalise(list(source.fetch(day)), day))
    assert _values(rows) == _values(row for row in reading.rows if row.period_start < day.end)


def _values(rows: Iterable[UsageRow]) -> set[UsageRow]:
    """Without the pages, which differ from one reading to the other."""
    return {replace(row, page="") for row in rows}


def listed_at(simulator: Simulator) -> list[CapacityCommitment]:
    with open_source(simulator) as source:
        found = list(source.resources(list(source.fetch_lists())))
    return [CapacityCommitment.of_resource(one) for one in found if one.resource_type == COMMITMENT]


def test_reservations_are_listed_from_their_purchase_until_they_are_over():
    true = PROVIDERS["azure_openai"].capacity(account_of()).commitments
    moments = sorted({moment for one in true for moment in (one.starts_at, one.ends_at) if moment > WHOLE.start})
    with running_simulator(scenario=SCENARIO, now=WHOLE.start) as simulator:
        for moment in moments:
            simulator.advance(moment)
            running = {one.commitment_id for one in true if one.starts_at <= moment < one.ends_at}
            assert {found.commitment_id for found in listed_at(simulator)} == running
    assert len(moments) > len(true)


def test_reservations_have_the_terms_and_prices_of_the_truth():
    true = {one.commitment_id: one for one in PROVIDERS["azure_openai"].capacity(account_of()).commitments}
    with running_simulator(scenario=SCENARIO, now=max(one.starts_at for one in true.values())) as simulator:
        found = listed_at(simulator)
    assert {one.payment for one in found} == {"upfront", "monthly"}
    for one in found:
        bought = true[one.commitment_id]
        assert (one.contract_id, one.quantity, one.term) == (bought.contract_id, bought.units, bought.term)
        assert (one.starts_at, one.ends_at, one.payment) == (bought.starts_at, bought.ends_at, bought.payment)
        assert (one.scope, one.region_id) == (bought.scope, bought.region_id)
        assert (one.agreed_unit_price, one.agreed_price_period) == (bought.unit_price, bought.price_period)


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator(scenario=SCENARIO, now=WHOLE.start + DAY) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    yield running
    running.clear_faults()


def test_summaries_of_the_simulated_azure_agree_with_what_was_bought(simulator, caplog):
    with open_source(simulator) as source:
        day = Window.of_days(SCENARIO.first_day, SCENARIO.first_day)
        pages = list(source.fetch(day))
        list(source.normalise(pages, day))
    assert [page for page in pages if page.source == "reservation summaries"]
    assert "reserved and" not in caplog.text


@pytest.mark.parametrize("path", ["reservationOrders", "reservationTransactions"])
def test_a_list_of_reservations_that_does_not_end_is_an_error(simulator, path):
    simulator.set_fault("azure_openai", "repeated_page_token", path_prefix=path)
    with open_source(simulator) as source, pytest.raises(PermanentProviderError):
        list(source.fetch_lists())


def test_a_principal_that_may_not_read_reservations_is_told_which_role_is_missing(simulator):
    simulator.set_fault("azure_openai", "forbidden", path_prefix="Microsoft.Capacity")
    with open_source(simulator) as source, pytest.raises(MissingRightError, match="Reservations Reader"):
        list(source.fetch_lists())
    with open_source(simulator, reservations="false") as source:
        assert {page.source for page in source.fetch_lists()} == {"accounts", "deployments"}


def test_each_check_passes_with_the_roles_and_fails_without(simulator):
    with open_source(simulator) as source:
        assert [bool(check.run()) for check in source.checks(simulator.now)] == [True] * 5
    refused = 0
    with open_source(simulator, secret=simulator.inference_key("acme", "azure_openai")) as source:
        for check in source.checks(simulator.now):
            with pytest.raises(CredentialError):
                check.run()
            refused += 1
    assert refused == 5


def test_both_routes_read_the_same_rows(simulator):
    day = Window.of_days(SCENARIO.first_day, SCENARIO.first_day)
    read = []
    for route in ("resource", "batch"):
        with open_source(simulator, route=route) as source:
            read.append(_values(source.normalise(list(source.fetch(day)), day)))
    assert read[0] == read[1]
    assert {row.meter for row in read[0]} >= {"ptu_hour", "input", "output", "request", "busy_unit_hour"}
