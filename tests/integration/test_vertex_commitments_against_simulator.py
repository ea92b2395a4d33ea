"""Provisioned throughput of the simulated Vertex AI: what is read equals what is true, and nothing is read twice."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from genai_finops.providers.base import Page, SourceAccount, UsageRow, Window
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.truth import truth
from genai_finops.simulator.world import World

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
SCENARIO = Scenario(last_day=dt.date(2026, 10, 15))
#: The first days of acme's week, and the day on which everyone's order is increased: at 09:00, initech's at 09:30.
DAYS = Window.of_days(dt.date(2026, 10, 12), dt.date(2026, 10, 14))
INCREASED = dt.datetime(2026, 10, 13, 9, tzinfo=dt.UTC)
SETTLED = dt.datetime(2026, 10, 20, 6, tzinfo=dt.UTC)
ORGS = ("acme", "globex", "initech")
PRO, FLASH, HAIKU = "gemini-2.5-pro", "gemini-2.5-flash", "claude-haiku-4-5@20251001"
HOUR = dt.timedelta(hours=1)


class Unlimited:
    def acquire(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(scenario=SCENARIO, now=SETTLED) as running:
        yield running


def source_of(simulator: Simulator, org: str, flow: Literal["payg", "commitment"] = "commitment") -> HttpUsageSource:
    config = load_provider_configs(CONFIGS, simulator.environment("gcp_vertex"))["gcp_vertex"]
    return usage_source(
        config,
        simulator.admin_key(org, "gcp_vertex"),
        SessionOptions(now=lambda: simulator.now, rate_limiter=Unlimited()),
        flow=flow,
        account=SourceAccount(id=simulator.account_id(org, "gcp_vertex")),
    )


@pytest.fixture(scope="module")
def fetched(simulator: Simulator) -> dict[str, tuple[list[Page], list[UsageRow]]]:
    """Pages and rows of the days by organisation."""
    found = {}
    for org in ORGS:
        with source_of(simulator, org) as source:
            pages = list(source.fetch(DAYS))
            found[org] = pages, list(source.normalise(pages, DAYS))
    return found


def estate(org: str) -> CapacityEstate:
    vertex = PROVIDERS["gcp_vertex"]
    return vertex.capacity(vertex.build_account(SCENARIO, org))


def true_rows(org: str) -> list[dict[str, Any]]:
    """The truth of the days by hour, of Vertex AI alone."""
    accounts = {("gcp_vertex", org): PROVIDERS["gcp_vertex"].build_account(SCENARIO, org)}
    world = World(scenario=SCENARIO, accounts=accounts, keys={})
    days = {day.isoformat() for day in DAYS.days}
    rows = truth(world, SETTLED, "hour", ledger=Ledger(SCENARIO, SETTLED))["rows"]
    return [row for row in rows if row["date"] in days]


def quantities(rows: Sequence[UsageRow], meter: str, model: str) -> dict[dt.datetime, Decimal]:
    return {row.period_start: row.quantity for row in rows if (row.meter, row.provider_model_id) == (meter, model)}


@pytest.mark.parametrize("org", ORGS)
def test_gsu_hours_equal_what_is_truly_drawn_in_each_hour(fetched, org):
    models = {bought.commitment_id: bought.model for bought in estate(org).commitments}
    true: defaultdict[tuple[str | None, dt.datetime], Decimal] = defaultdict(Decimal)
    for drawn in estate(org).drawn:
        if DAYS.start <= drawn.hour < DAYS.end:
            true[models[drawn.commitment_id], drawn.hour] += drawn.unit_hours
    read = {
        (row.provider_model_id, row.period_start): row.quantity for row in fetched[org][1] if row.meter == "gsu_hour"
    }
    assert len(read) >= 48
    assert read == true


@pytest.mark.parametrize("org", ["acme", "globex"])
def test_tokens_and_requests_within_orders_equal_the_truth_by_every_dimension(fetched, org):
    names = ("resource_id", "model", "service_tier", "provider_service_tier", "region_id", "geography")
    names = (*names, "context_band", "variant", "date", "hour", "meter")
    true = {
        tuple(row[name] for name in names): row["quantity"] for row in true_rows(org) if row["flow"] == "commitment"
    }
    own = {key[-1] for key in true}
    read = {
        (
            row.resource_id,
            row.provider_model_id,
            row.service_tier,
            row.provider_service_tier,
            row.region_id,
            row.geography,
            row.context_band,
            row.variant,
            row.period_start.date().isoformat(),
            row.period_start.hour,
            row.meter,
        ): row.quantity
        for row in fetched[org][1]
        if row.meter in own
    }
    assert {"input", "cache_write_1h", "input_audio"} & own
    assert read == true


def test_no_token_is_read_by_both_flows_and_none_by_neither(simulator, fetched):
    with source_of(simulator, "acme", "payg") as source:
        payg = list(source.normalise(list(source.fetch(DAYS)), DAYS))
    true: defaultdict[str, int] = defaultdict(int)
    for row in true_rows("acme"):
        true[row["meter"]] += row["quantity"]
    read: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in (*payg, *fetched["acme"][1]):
        read[row.meter] += row.quantity
    assert {meter: read[meter] for meter in true} == true
    assert {"dedicated", "spillover"} & {row.provider_service_tier for row in payg} == {"spillover"}


def test_spilled_over_requests_equal_the_truth(fetched):
    true = {hour: count for (_, hour), count in estate("acme").spillover if DAYS.start <= hour < DAYS.end}
    assert quantities(fetched["acme"][1], "spillover_request", PRO) == true


def test_requests_beyond_a_limit_that_nothing_follows_are_throttled(fetched):
    assert sum(quantities(fetched["acme"][1], "throttled_request", FLASH).values()) > 0


@pytest.mark.parametrize(("org", "gsu"), [("acme", "3"), ("initech", "2.5")])
def test_the_capacity_follows_an_increase_within_the_day_and_within_the_hour(fetched, org, gsu):
    capacity = quantities(fetched[org][1], "capacity_token", PRO)
    levels = [capacity[INCREASED + number * HOUR] / (650 * 3600) for number in (-1, 0, 1)]
    assert levels == [Decimal(2), Decimal(gsu), Decimal(3)]


def test_an_idle_order_has_capacity_and_nothing_else(fetched):
    meters = {row.meter for row in fetched["acme"][1] if row.provider_model_id == HAIKU}
    assert meters == {"capacity_token"}


def test_days_without_orders_of_a_model_have_no_capacity_of_it(simulator):
    before = Window.of_days(dt.date(2026, 10, 2), dt.date(2026, 10, 2))
    with source_of(simulator, "acme") as source:
        rows = list(source.normalise(list(source.fetch(before)), before))
    assert {row.provider_model_id for row in rows} == {PRO}


def test_series_come_split_over_pages(fetched):
    pages = [page for page in fetched["acme"][0] if page.source == "token_count"]
    assert len(pages) > 1


def test_a_second_reading_gives_the_same_rows(simulator, fetched):
    with source_of(simulator, "initech") as source:
        again = list(source.normalise(list(source.fetch(DAYS)), DAYS))
    assert again == fetched["initech"][1]


def test_the_limits_in_force_are_listed_as_of_now():
    def listed(simulator: Simulator) -> dict[str | None, Decimal | None]:
        with source_of(simulator, "acme") as source:
            return {found.provider_model_id: found.capacity for found in source.resources(list(source.fetch_lists()))}

    with running_simulator(scenario=SCENARIO, now=dt.datetime(2026, 10, 4, 6, tzinfo=dt.UTC)) as simulator:
        assert listed(simulator) == {PRO: 2}
        simulator.advance(INCREASED - dt.timedelta(hours=1))
        assert listed(simulator) == {PRO: 2, FLASH: 1, HAIKU: 8}
        simulator.advance(INCREASED + HOUR)
        assert listed(simulator) == {PRO: 3, FLASH: 1, HAIKU: 8}
        simulator.advance(dt.datetime(2026, 10, 19, 6, tzinfo=dt.UTC))
        assert listed(simulator) == {PRO: 3, HAIKU: 8}


def test_today_is_read_up_to_the_last_full_hour_and_nothing_of_later():
    now = INCREASED + dt.timedelta(minutes=40)
    today = Window.of_days(now.date(), now.date())
    with running_simulator(scenario=SCENARIO, now=now) as simulator, source_of(simulator, "acme") as source:
        rows = list(source.normalise(list(source.fetch(today)), today))
    assert max(row.period_end for row in rows) == INCREASED
    assert len(quantities(rows, "gsu_hour", PRO)) == 9
