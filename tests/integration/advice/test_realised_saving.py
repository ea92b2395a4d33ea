"""What advice that was followed has saved: days after it, against the baseline that was kept."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from genai_finops.control.advice_models import AdviceRow
from genai_finops.control.advice_store import decide, get_advice, replace_advice
from genai_finops.control.database import open_database, writing
from genai_finops.errors import FinopsError
from genai_finops.optimisation.advice import Advice
from genai_finops.optimisation.realised import RealisedSaving, realised_saving
from genai_finops.optimisation.refresh import given
from genai_finops.settings import Settings
from genai_finops.warehouse.open import open_warehouse

from .advice_world import MILLION, TODAY, World

#: Two days after the advice, and the day after them.
SINCE = (TODAY, TODAY + dt.timedelta(days=1))
NOW = dt.datetime(2026, 11, 7, 6, tzinfo=dt.UTC)

Measure = Callable[[str, str], RealisedSaving]


@pytest.fixture(scope="module")
def later(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The warehouse two days later: drafts moved, answers cached, agents compacted, seven units of ten left."""
    home = tmp_path_factory.mktemp("later")
    moved = Settings.from_environment({"GENAI_FINOPS_HOME": str(home), "USER": "tester"}, home)
    moved.warehouse_path.write_bytes(Path(settings.warehouse_path).read_bytes())
    with duckdb.connect(str(moved.warehouse_path)) as connection:
        world = World(connection)
        world.charge(
            "openai",
            "gpt-5-mini",
            "draft",
            {"uncached_input": (8 * MILLION, "2"), "output": (2 * MILLION, "4"), "web_search": (1, "7")},
            days=SINCE,
        )
        world.charge("openai", "gpt-5", "draft", {"uncached_input": (4 * MILLION, "5")}, days=SINCE)
        world.charge(
            "anthropic",
            "claude-opus-4-5",
            "faq",
            {"uncached_input": (2 * MILLION, "10"), "cache_read": (8 * MILLION, "4")},
            days=SINCE,
        )
        world.charge("openai", "o3-pro", "agent", {"uncached_input": (MILLION, "50")}, days=SINCE)
        world.requests(
            "openai", "o3-pro", "agent", [(NOW - dt.timedelta(hours=30 + n), "new", 1000, "1") for n in range(9)]
        )
        world.insert(
            "genai_commitment_utilization_daily",
            [
                {
                    "x_org_slug": "acme",
                    "provider": "gcp_vertex",
                    "x_genai_account_id": "gcp_vertex-1",
                    "meter": "gsu_hour",
                    "commitment_id": "idle",
                    "usage_date": day,
                    "x_ingestion_date": day,
                    "effective_cost": 336,
                    "unused_cost": 142,
                    "currency": "USD",
                }
                for day in SINCE
            ],
        )
    return moved


@pytest.fixture(scope="module")
def measure(later: Settings, found: list[Advice]) -> Measure:
    engine = open_database(later)
    with writing(engine) as session:
        replace_advice(session, map(given, found), now=NOW - dt.timedelta(days=2))

    def _measure(kind: str, value: str) -> RealisedSaving:
        (advice,) = [advice for advice in found if advice.kind == kind and value in advice.subject.values()]
        with writing(engine) as session:
            row = get_advice(session, advice.advice_id)
            decide(session, row, "done", now=NOW, actor="tester", done_on=TODAY)
        with open_warehouse(later) as warehouse:
            return realised_saving(warehouse, row, today=NOW.date())

    return _measure


def test_what_moved_is_taken_at_the_old_prices_and_what_has_none_is_named(measure: Measure) -> None:
    # 8 x 1.25 + 2 x 10 at gpt-5; what stayed there is no saving.
    assert measure("cheaper_model", "draft") == RealisedSaving(
        first_day=TODAY,
        last_day=SINCE[1],
        counterfactual_cost=Decimal(30),
        actual_cost=Decimal(6),
        unpriced_cost=Decimal(7),
    )


def test_input_is_taken_at_what_a_token_cost_before_it_was_cached(measure: Measure) -> None:
    # 410 dollars for 100 million, then 14 for 10 million.
    measured = measure("cache", "faq")
    assert (measured.counterfactual_cost, measured.actual_cost) == (Decimal(41), Decimal(14))


def test_requests_are_taken_at_what_the_input_of_one_cost_before(measure: Measure) -> None:
    # 200 dollars for the 18 requests of the task, then 50 for 9.
    measured = measure("long_conversation", "grows")
    assert (measured.counterfactual_cost, measured.actual_cost) == (Decimal(100), Decimal(50))


def test_unused_hours_are_taken_at_what_a_day_of_them_cost_before(measure: Measure) -> None:
    # The commitment ran for five days, with 717 hours unused, 143 by the day; then 71 of two dollars.
    measured = measure("idle_commitment", "idle")
    assert (measured.counterfactual_cost, measured.actual_cost) == (Decimal(572), Decimal(284))


def test_advice_that_is_not_done_has_saved_nothing(later: Settings) -> None:
    row = AdviceRow(org_slug="acme", advice_id="a1", state="accepted", done_on=None)
    with open_warehouse(later) as warehouse, pytest.raises(FinopsError, match="is accepted, not done"):
        realised_saving(warehouse, row, today=NOW.date())


def test_a_day_that_is_not_over_cannot_be_measured(later: Settings) -> None:
    row = AdviceRow(org_slug="acme", advice_id="a1", state="done", done_on=NOW.date(), formula_version="1")
    with open_warehouse(later) as warehouse, pytest.raises(FinopsError, match="no day since has charges"):
        realised_saving(warehouse, row, today=NOW.date())
