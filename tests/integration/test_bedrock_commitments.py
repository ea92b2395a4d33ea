"""Provisioned throughput over a real socket, hour by hour against what the simulator provisioned and served."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.providers.base import CredentialError, ResourceState, UsageRow, Window
from genai_finops.providers.bedrock_provisioned import MODELS, PROVISIONED
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment
from genai_finops.providers.resources import merged_states
from genai_finops.simulator.aws_bedrock.provisioned import METER, ProvisionedModel, estate_of, provisioned_of
from genai_finops.simulator.aws_bedrock.traffic import build_account
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

from .bedrock_sources import PROVIDER, read, simulated_source

SCENARIO = Scenario(orgs=("acme",))
WHOLE = Window.of_days(SCENARIO.first_day, SCENARIO.last_day)
HOURS = [WHOLE.start + dt.timedelta(hours=hour) for hour in range(24 * len(WHOLE.days))]
HOUR = dt.timedelta(hours=1)
#: After the last day is final.
NOW = dt.datetime(2026, 11, 7, 6, tzinfo=dt.UTC)
MODELS_OF_ACME = provisioned_of(SCENARIO, "acme")


@dataclass(frozen=True)
class Reading:
    """What a platform has that read the lists and then the whole window."""

    simulator: Simulator
    known: tuple[ResourceState, ...]
    rows: tuple[UsageRow, ...]

    def of(self, meter: str) -> dict[tuple[str | None, dt.datetime], Decimal]:
        return {(row.resource_id, row.period_start): row.quantity for row in self.rows if row.meter == meter}

    def states_of(self, resource_type: str, name: str) -> list[ResourceState]:
        arn = MODELS_OF_ACME[name].arn
        return [
            state
            for state in self.known
            if (state.resource.resource_type, state.resource.resource_id) == (resource_type, arn)
        ]


def snapshot(simulator: Simulator, known: Sequence[ResourceState]) -> tuple[ResourceState, ...]:
    with simulated_source(simulator, flow="commitment", known=known) as source:
        pages = list(source.fetch_lists())
        found = list(source.resources(pages))
        return merged_states(known, found, simulator.now, complete=source.listed_types(pages))


def moments() -> Iterator[dt.datetime]:
    """Every six hours on the days on which a model comes or goes, and each tenth midnight."""
    changes = [moment for model in MODELS_OF_ACME.values() for moment in (model.created_at, model.deleted_at) if moment]
    for number, day in enumerate(WHOLE.days):
        is_eventful = any(moment.date() == day for moment in changes)
        hours = (0, 6, 12, 18) if is_eventful else (0,) if number % 10 == 0 else ()
        yield from (dt.datetime.combine(day, dt.time(hour), dt.UTC) for hour in hours)


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with running_simulator(scenario=SCENARIO, now=WHOLE.start) as simulator:
        known: tuple[ResourceState, ...] = ()
        for moment in moments():
            simulator.advance(moment)
            known = snapshot(simulator, known)
        simulator.advance(NOW)
        rows = tuple(read(simulated_source(simulator, flow="commitment", known=known), WHOLE))
        yield Reading(simulator, known, rows)


def served(streams: Iterable[Any]) -> dict[tuple[str, dt.datetime, str], int]:
    """What was served on bought throughput, by ARN, hour and meter."""
    ledger = Ledger(SCENARIO, NOW)
    found: defaultdict[tuple[str, dt.datetime, str], int] = defaultdict(int)
    for stream in streams:
        if stream.plan.flow == "commitment":
            for hour in HOURS:
                for meter, quantity in ledger.hour(stream, hour.date(), hour.hour).items():
                    found[stream.plan.resource_id, hour, meter.removeprefix("_")] += quantity
    return dict(found)


def test_model_units_equal_the_estate_in_every_hour(reading):
    true = {
        (capacity.resource_id, hour): Decimal(seconds) / 3600
        for capacity in estate_of(SCENARIO, "acme").capacities
        for hour in HOURS
        if (seconds := capacity.unit_seconds(hour, hour + HOUR))
    }
    assert reading.of(METER) == true


def test_what_was_served_equals_the_traffic_in_every_hour(reading):
    account = build_account(SCENARIO, "acme")
    found = {
        (row.resource_id, row.period_start, row.meter): int(row.quantity) for row in reading.rows if row.meter != METER
    }
    assert found == served(stream for streams in account.streams.values() for stream in streams)
    assert {meter for _, _, meter in found} == {"request", "uncached_input", "output", "throttled_request"}


def test_every_row_is_one_committed_hour_of_a_listed_model(reading):
    assert {row.period_end - row.period_start for row in reading.rows} == {HOUR}
    assert {
        (row.resource_id, row.resource_name, row.provider_model_id, row.region_id, row.service_tier)
        for row in reading.rows
    } == {(model.arn, model.name, model.model, model.region, "committed") for model in MODELS_OF_ACME.values()}


def test_commitments_equal_those_that_were_bought(reading):
    listed = [
        CapacityCommitment.of_resource(state.resource)
        for state in reading.known
        if state.resource.resource_type == COMMITMENT
    ]
    assert sorted(
        (bought.commitment_id, bought.quantity, bought.term, bought.starts_at, bought.ends_at, bought.payment)
        for bought in listed
    ) == sorted(
        (bought.commitment_id, Decimal(bought.units), bought.term, bought.starts_at, bought.ends_at, bought.payment)
        for bought in estate_of(SCENARIO, "acme").commitments
    )


def at_end(model: ProvisionedModel) -> dt.datetime:
    assert model.deleted_at is not None
    return model.deleted_at


@pytest.mark.parametrize(("name", "hour"), [("nightly", 12), ("summaries", 18)])
def test_a_deleted_model_is_missed_by_the_first_list_after_it(reading, name, hour):
    [*_, last] = reading.states_of(PROVISIONED, name)
    assert last.missed_at == at_end(MODELS_OF_ACME[name])
    assert last.missed_at.hour == hour


def test_an_expired_commitment_is_units_until_the_model_is_deleted(reading):
    model = MODELS_OF_ACME["summaries"]
    assert model.expires_at is not None
    after = [hour for arn, hour in reading.of(METER) if arn == model.arn and hour >= model.expires_at]
    assert (min(after), max(after)) == (model.expires_at, at_end(model) - HOUR)
    [commitment] = reading.states_of(COMMITMENT, "summaries")
    assert CapacityCommitment.of_resource(commitment.resource).ends_at == model.expires_at


def test_a_model_that_was_being_created_in_one_list_is_units_from_its_first_minute_in_service(reading):
    model = MODELS_OF_ACME["nightly"]
    assert [state.resource.capacity for state in reading.states_of(PROVISIONED, "nightly")] == [0, 1]
    found = {hour: quantity for (arn, hour), quantity in reading.of(METER).items() if arn == model.arn}
    assert (min(found), found[min(found)]) == (model.in_service_at.replace(minute=0), Decimal("0.75"))


def test_reading_again_gives_the_same_rows(reading):
    week = Window.of_days(dt.date(2026, 10, 26), dt.date(2026, 11, 1))
    first, second = (
        read(simulated_source(reading.simulator, flow="commitment", known=reading.known), week) for _ in range(2)
    )
    assert first == second


def test_models_are_listed_over_several_pages_and_short_ones_lose_none(reading):
    day = Window.of_days(SCENARIO.last_day, SCENARIO.last_day)
    reading.simulator.set_fault(PROVIDER, "short_list_pages")
    try:
        with simulated_source(reading.simulator, flow="commitment", known=reading.known) as source:
            pages = list(source.fetch(day))
            rows = list(source.normalise(pages, day))
    finally:
        reading.simulator.clear_faults()
    assert sum(page.source == MODELS for page in pages) > len({page.request["region"] for page in pages})
    assert {(row.resource_id, row.period_start): row.quantity for row in rows if row.meter == METER} == {
        key: quantity for key, quantity in reading.of(METER).items() if key[1] >= day.start
    }


def test_without_earlier_lists_what_was_deleted_has_tokens_and_no_units(reading):
    day = Window.of_days(dt.date(2026, 10, 29), dt.date(2026, 10, 29))
    rows = read(simulated_source(reading.simulator, flow="commitment"), day)
    deleted = {row.meter: row.provider_model_id for row in rows if row.resource_id == MODELS_OF_ACME["nightly"].arn}
    assert deleted == {"request": None, "uncached_input": None, "output": None}


def test_every_check_of_the_probe_passes_and_names_its_action(reading):
    with simulated_source(reading.simulator, flow="commitment") as source:
        checks = {check.name: check.run() for check in source.checks(reading.simulator.now)}
    assert checks["bedrock:ListProvisionedModelThroughputs us-east-1"] == "2 provisioned models"
    assert "cloudwatch:GetMetricData eu-central-1" in checks


def test_a_missing_permission_is_named(reading):
    secret = reading.simulator.inference_key("acme", PROVIDER)
    with pytest.raises(CredentialError, match="allow bedrock:ListProvisionedModelThroughputs"):
        read(simulated_source(reading.simulator, secret=secret, flow="commitment"), WHOLE)
