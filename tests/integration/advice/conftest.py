"""One warehouse with a case of each kind, and one beside it that must stay silent; and all advice on it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from genai_finops.control.plans import Plan
from genai_finops.optimisation.advice import Advice
from genai_finops.optimisation.config import load_advice_config
from genai_finops.optimisation.refresh import find_advice
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.settings import Settings
from genai_finops.warehouse.open import open_warehouse

from .advice_world import DAYS, MILLION, TODAY, World, engine


@pytest.fixture(scope="session")
def book() -> RatingEngine:
    return engine()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Settings:
    home = tmp_path_factory.mktemp("advised")
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(home), "USER": "tester"}, home)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute((repository / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
        connection.execute("begin")
        world = World(connection)
        _models(world)
        _batches(world)
        _caches(world)
        _conversations(world)
        _capacity(world)
        connection.execute("commit")
    return settings


def _models(world: World) -> None:
    world.charge(
        "openai", "gpt-5", "draft", {"uncached_input": (100 * MILLION, "125"), "output": (10 * MILLION, "100")}
    )
    world.charge("openai", "text-embedding-3-small", "index", {"embedding_input": (9000 * MILLION, "180")})
    anthropic = {"uncached_input": (10 * MILLION, "30"), "output": (10 * MILLION, "150")}
    world.charge("anthropic", "claude-sonnet-4-5", "review", anthropic)
    world.charge("anthropic", "claude-sonnet-4-5", "books", anthropic, band="200k-1M")
    # What makes Bedrock a provider of acme; too cheap to be advised on.
    world.charge("aws_bedrock", "claude-sonnet-4-5", "review", {"output": (MILLION // 10, "1")})
    world.insert(
        "genai_payg_costs_daily",
        [
            {
                "provider": "anthropic",
                "context_band": "200k-1M",
                "context_tokens_above": 200_000,
                "context_tokens_up_to": MILLION,
            }
        ],
    )


def _batches(world: World) -> None:
    load = {"uncached_input": (100 * MILLION, "125"), "output": (10 * MILLION, "100")}
    world.charge("openai", "gpt-5", "nightly", load)
    world.requests(
        "openai",
        "gpt-5",
        "nightly",
        [
            (dt.datetime(day.year, day.month, day.day, 2, minute, tzinfo=dt.UTC), None, 1000, "1")
            for day in DAYS
            for minute in (0, 20)
        ],
    )
    # The same, but somebody asks all day long.
    world.requests(
        "openai",
        "gpt-5",
        "draft",
        [
            (dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC), None, 1000, "1")
            for day in DAYS[:5]
            for hour in range(24)
        ],
        user="bob",
    )


def _caches(world: World) -> None:
    model = "claude-opus-4-5"
    world.charge(
        "anthropic", model, "faq", {"uncached_input": (80 * MILLION, "400"), "cache_read": (20 * MILLION, "10")}
    )
    world.charge(
        "anthropic",
        model,
        "kb",
        {
            "uncached_input": (20 * MILLION, "100"),
            "cache_read": (160 * MILLION, "80"),
            "cache_write_5m": (20 * MILLION, "125"),
        },
    )
    for task in ("faq", "kb"):
        world.requests(
            "anthropic",
            model,
            task,
            [
                (dt.datetime(2026, 10, 20, 9, minute, tzinfo=dt.UTC), f"{task}-{day}", 4000, "0.01")
                for day in range(3)
                for minute in range(5)
            ],
        )


def _conversations(world: World) -> None:
    # 50 dollars for a million tokens of input, 100 for output.
    world.charge("openai", "o3-pro", "agent", {"uncached_input": (4 * MILLION, "200"), "output": (MILLION, "100")})
    start = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
    for name, inputs, cost in (
        ("grows", (100, 200, 300, 400, 500, 600), "10"),
        ("stays", (400, 400, 400, 400, 400, 400), "10"),
        ("cheap", (100, 200, 300, 400, 500, 600), "1.5"),
    ):
        world.requests(
            "openai",
            "o3-pro",
            "agent",
            [
                (start + dt.timedelta(minutes=number), name, thousands * 1000, cost)
                for number, thousands in enumerate(inputs)
            ],
        )


def _capacity(world: World) -> None:
    # Five days of 24 hours; six units are unused but in one hour, in which only three are.
    world.commitment("idle", unused=[*[6] * 119, 3])
    world.commitment("busy", unused=[*[6] * 119, 0])
    row = {
        "x_org_slug": "acme",
        "provider": "gcp_vertex",
        "x_genai_account_id": "gcp_vertex-1",
        "meter": "gsu_hour",
        "commitment_id": None,
        "scope": None,
        "currency": "USD",
        "first_day": DAYS[0],
        "last_day": DAYS[-1],
        "confidence": "high",
        "current_units": 10,
        "committed_units": 10,
    }
    world.insert(
        "genai_commitment_advice",
        [
            row | {"model_id": "too-many", "action": "release", "action_units": 4, "contracted_saving": 500},
            row | {"model_id": "enough", "action": "keep", "action_units": 0, "contracted_saving": 0},
        ],
    )
    world.insert(
        "genai_usage_daily_unified", [{"x_org_slug": "acme", "provider": "openai", "x_ingestion_date": DAYS[3]}]
    )


def plan(name: str, provider: str, seats: int, price: str, since: dt.date = DAYS[0]) -> tuple[str, Plan]:
    return "acme", Plan(
        subscription_id=name,
        provider=provider,
        plan_name=name,
        quantity=seats,
        unit_price_usd=Decimal(price),
        effective_date=since,
    )


#: Users of openai are ann and bob.
PLANS = (
    plan("seats", "openai", 10, "30"),
    plan("taken", "openai", 2, "30"),
    plan("unused", "gemini", 2, "100"),
    plan("new", "gemini", 2, "100", since=DAYS[-10]),
)


@pytest.fixture(scope="session")
def found(settings: Settings, book: RatingEngine) -> list[Advice]:
    config = load_advice_config(settings.advice_config_path)
    with open_warehouse(settings) as warehouse:
        advice = find_advice(warehouse, book, PLANS, config=config, today=TODAY)
    assert advice is not None
    return advice
