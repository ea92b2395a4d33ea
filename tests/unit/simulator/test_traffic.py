"""The generated truth: it follows from the seed, and its grains agree."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.price_list import Sale, unit_price
from genai_finops.simulator.registry import PROVIDERS, admin_key, inference_key
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.truth import Grain, truth
from genai_finops.simulator.world import World, build_world

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=10)
SHORT = Scenario(first_day=dt.date(2026, 10, 28), orgs=("acme",))


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(Scenario())


@pytest.fixture(scope="module")
def short_world() -> World:
    return build_world(SHORT)


@pytest.fixture(scope="module")
def rows(world: World) -> list[dict[str, Any]]:
    """What is shown at NOW."""
    found: list[dict[str, Any]] = truth(world, NOW)["rows"]
    return found


@pytest.fixture(scope="module")
def final_rows(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = truth(world, LATER)["rows"]
    return found


def test_the_same_seed_gives_the_same_truth(rows: list[dict[str, Any]]) -> None:
    assert truth(build_world(Scenario()), NOW)["rows"] == rows


def test_another_seed_gives_another_truth(short_world: World) -> None:
    other = build_world(Scenario(seed=8, first_day=SHORT.first_day, orgs=SHORT.orgs))
    assert truth(other, NOW)["totals"] != truth(short_world, NOW)["totals"]


def test_an_organisation_is_the_same_whoever_else_is_simulated(rows: list[dict[str, Any]]) -> None:
    alone = truth(build_world(Scenario(orgs=("globex",))), NOW)["rows"]
    assert alone == [row for row in rows if row["org"] == "globex"]


def test_the_default_scenario_has_the_volume_of_a_real_month(rows: list[dict[str, Any]]) -> None:
    by_provider = Counter(row["provider"] for row in rows)
    assert set(by_provider) == set(PROVIDERS)
    assert all(2_000 < count < 9_000 for count in by_provider.values())


def _quantities(world: World, now: dt.datetime, grain: Grain) -> Counter[tuple[str, ...]]:
    """Quantity by everything that a row says, but for the hour."""
    counter = Counter[tuple[str, ...]]()
    for row in truth(world, now, grain)["rows"]:
        without = {"hour", "quantity", "cost", "unit_price"}
        counter[tuple(str(value) for name, value in row.items() if name not in without)] += row["quantity"]
    return counter


def _cost(world: World, grain: Grain) -> Decimal:
    costs = [row["cost"] for row in truth(world, NOW, grain)["rows"]]
    return sum((Decimal(cost) for cost in costs if cost is not None), Decimal(0))


@pytest.mark.parametrize("now", [NOW, LATER, dt.datetime(2026, 10, 30, 17, 30, tzinfo=dt.UTC)], ids=str)
def test_hours_add_up_to_their_day(short_world: World, now: dt.datetime) -> None:
    assert _quantities(short_world, now, "hour") == _quantities(short_world, now, "day")


def test_hourly_costs_add_up_to_the_daily_costs(short_world: World) -> None:
    assert _cost(short_world, "hour") == _cost(short_world, "day")


def test_minutes_add_up_to_their_hour(short_world: World) -> None:
    stream = short_world.accounts["openai", "acme"].streams["completions"][0]
    day = dt.date(2026, 10, 29)
    ledger = Ledger(SHORT, LATER)
    minutes = Counter[str]()
    for minute in range(60):
        start = midnight(day) + dt.timedelta(hours=9, minutes=minute)
        minutes.update(ledger.between(stream, start, start + dt.timedelta(minutes=1)))
    assert minutes == Counter(ledger.hour(stream, day, 9))


def test_what_has_arrived_never_shrinks_as_the_clock_advances(short_world: World) -> None:
    day = dt.date(2026, 11, 3)
    streams = [s for account in short_world.accounts.values() for group in account.streams.values() for s in group]
    ledgers = [Ledger(SHORT, midnight(day) + dt.timedelta(hours=step)) for step in range(0, 84, 3)]
    seen = [
        [ledger.day(stream, day).get(meter, 0) for ledger in ledgers]
        for stream in streams
        for meter in stream.final.get(day, {})
    ]
    assert seen == [sorted(amounts) for amounts in seen]


def test_a_recent_day_grows_until_it_is_final(short_world: World) -> None:
    day = "2026-11-04"
    sizes = [
        sum(row["quantity"] for row in truth(short_world, now)["rows"] if row["date"] == day)
        for now in (NOW, NOW + dt.timedelta(days=1), LATER, LATER + dt.timedelta(days=30))
    ]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]


def test_recent_days_lack_whole_rows_at_first(rows: list[dict[str, Any]], final_rows: list[dict[str, Any]]) -> None:
    early, late = (sum(row["date"] == "2026-11-04" for row in found) for found in (rows, final_rows))
    assert early < late


def test_the_clock_hides_days_that_have_not_begun(short_world: World) -> None:
    rows = truth(short_world, dt.datetime(2026, 10, 30, 12, tzinfo=dt.UTC))["rows"]
    assert max(row["date"] for row in rows) == "2026-10-30"


def test_a_new_model_appears_in_the_middle_of_the_window(world: World, final_rows: list[dict[str, Any]]) -> None:
    days = {row["date"] for row in final_rows if row["model"] == "gpt-5.6-terra"}
    assert min(days) == world.scenario.release_day.isoformat()


def test_one_day_stands_out(world: World, final_rows: list[dict[str, Any]]) -> None:
    cost: dict[str, Decimal] = {}
    for row in final_rows:
        cost[row["date"]] = cost.get(row["date"], Decimal(0)) + Decimal(row["cost"] or 0)
    assert max(cost, key=lambda day: cost[day]) == world.scenario.spike_day.isoformat()


def test_committed_traffic_costs_nothing_by_itself(rows: list[dict[str, Any]]) -> None:
    costs = {row["cost"] for row in rows if row["service_tier"] == "committed" and row["meter"] != "request"}
    assert costs == {"0"}


def test_the_cost_of_storage_and_containers_does_not_follow_from_usage(rows: list[dict[str, Any]]) -> None:
    assert {row["meter"] for row in rows if row["cost"] is None and row["provider"] == "openai"} == {
        "request",
        "storage_byte",
        "container_session",
        "image",
    }


def test_long_prompts_cost_between_the_short_and_the_long_price() -> None:
    scenario = Scenario(first_day=dt.date(2026, 10, 28), orgs=("acme",), long_prompts=True)
    row = next(
        row
        for row in truth(build_world(scenario), LATER)["rows"]
        if (row["model"], row["meter"], row["date"]) == ("claude-haiku-5-5", "uncached_input", "2026-11-02")
    )
    short = row["quantity"] * Decimal("0.10") / 1_000_000
    assert row["unit_price"] is None
    assert short < Decimal(row["cost"]) < 5 * short


@pytest.mark.parametrize(
    ("sale", "price"),
    [
        ({"model": "claude-opus-5", "service_tier": "fast", "geography": "us", "meter": "output"}, "55"),
        ({"model": "claude-sonnet-5", "service_tier": "batch", "geography": "us", "meter": "cache_read"}, "0.11"),
        ({"model": "claude-sonnet-5", "service_tier": "batch", "geography": "us", "meter": "web_search"}, "10"),
        (
            {"model": "claude-sonnet-4-6", "service_tier": "standard", "meter": "output", "context_band": "200k-1M"},
            "15",
        ),
    ],
    ids=["fast and us multiply", "batch and us multiply", "searches have one price", "the long premium has ended"],
)
def test_anthropic_factors(sale: dict[str, Any], price: str) -> None:
    found = unit_price(Sale(provider="anthropic", day=dt.date(2026, 10, 1), **sale))
    assert found == Decimal(price)


def test_the_long_premium_held_before_it_ended() -> None:
    sale = Sale(
        provider="anthropic",
        model="claude-sonnet-4-6",
        service_tier="standard",
        meter="output",
        context_band="200k-1M",
        day=dt.date(2026, 3, 12),
    )
    assert unit_price(sale) == Decimal("22.5")


def test_traffic_without_a_price_is_an_error_and_not_free() -> None:
    with pytest.raises(LookupError, match="no OpenAI price"):
        unit_price(
            Sale(provider="openai", model="gpt-0", service_tier="standard", meter="output", day=dt.date(2026, 10, 1))
        )


@pytest.mark.parametrize("make", [admin_key, inference_key])
def test_every_organisation_and_provider_has_a_key_of_its_own(make: Callable[[int, str, str], str]) -> None:
    keys = [make(7, org, provider) for org in ("acme", "globex") for provider in PROVIDERS]
    assert len(set(keys)) == len(keys)


def test_keys_follow_from_the_seed() -> None:
    assert admin_key(7, "acme", "openai") == admin_key(7, "acme", "openai") != admin_key(8, "acme", "openai")


def test_a_scenario_must_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before its first day"):
        Scenario(first_day=dt.date(2026, 10, 2), last_day=dt.date(2026, 10, 1))
