"""Hand-made cost rows for FOCUS: every billable meter, tier and combination of nulls, and all kinds of commitments."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from decimal import Context, Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest

from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.tables.pricing import PRICED_TIERS
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build

from . import allocated_parts, commitment_rows, commitments

DAYS = (dt.date(2026, 10, 30), dt.date(2026, 10, 31), dt.date(2026, 11, 1))
#: Products have up to 38 digits; the default context would round them.
EXACT = Context(prec=60)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
PROVIDERS = ("openai", "anthropic")
MODELS = {"openai": ("gpt-4.1", "OpenAI", "GPT-4.1"), "anthropic": ("claude-sonnet-4-5", "Anthropic", "Claude Sonnet")}
#: (context_tokens_above, context_tokens_up_to) of price lines: no bands, below a limit, above it.
BANDS = ((0, None), (0, 200_000), (200_000, None))
GEOGRAPHIES = ("global", "us", "eu-west-1", "regional", "regional_eu", "data_zone_eu")

#: The last test reads the utilization, which is no ancestor of the models.
MODELS_AND_TESTS = (
    *("int_commitment__priced_commitments", "cost_data_standard_1_3", "contract_commitment_1_3"),
    "assert_focus_shows_all_idle_capacity",
)

#: Columns of a cost row that may be null and that a FOCUS rule depends on.
NULLABLE = (
    {},
    {"sub_account_id": "proj_1", "sub_account_name": "Support bot", "sub_account_type": "Project"},
    {"sub_account_id": "proj_2"},
    {"resource_id": "vs_1", "resource_name": "vs_1", "resource_type": "Vector Store", "api_key_id": "key_1"},
    {"resource_id": "vs_2", "resource_name": "Manuals", "resource_type": "Vector Store", "geography": "us"},
    {"region_id": "us-east-1", "x_genai_account_id": "acct-unnamed"},
    {"region_id": "global", "resource_id": "dep_1"},
    {"resource_name": "Name of nothing", "metering_source": "monitoring"},
    {"x_hierarchy_entity_id": "DEPT-1", "x_hierarchy_path": "/ACME/DEPT-1", "variant": 'quality "hd" \\ large'},
)


def price_lines() -> Iterator[dict[str, Any]]:
    """One rate for every provider, billable meter that lists price, and tier, some with geography, band and variant."""
    by_time = {"capacity", "accelerator"}
    meters = [meter for meter in METERS.values() if meter.is_billable and meter.is_rated and meter.kind not in by_time]
    price = Decimal("0.000000000001")
    for provider, meter, tier in itertools.product(PROVIDERS, meters, PRICED_TIERS):
        model = None if meter.kind == "tool" else MODELS[provider][0]
        specials = itertools.product(BANDS, GEOGRAPHIES, (None, "1024x1024"))
        for (above, up_to), geography, variant in itertools.islice(specials, 20 if meter.name == "output" else 1):
            price = price * 3 % Decimal(7000) + Decimal("0.000000000007")
            yield {
                "pricing_id": f"{provider}|{meter.name}|{tier}|{above}|{up_to}|{geography}|{variant}",
                "provider": provider,
                "model_id": model,
                "meter": meter.name,
                "service_tier": tier,
                "geography": geography,
                "context_tokens_above": above,
                "context_tokens_up_to": up_to,
                "variant": variant,
                "currency": "USD",
                "unit_price": Decimal(0) if meter.name == "moderation_input" else price.quantize(Decimal("1e-12")),
                "valid_from": dt.date(2026, 1, 1),
                "source": "test",
                "source_version": "1",
                "pricing_type": "standard",
                "pricing_unit": meter.pricing_unit,
                "pricing_block": meter.pricing_block,
                "priority": 1,
                "is_custom": False,
            }


def cost_rows() -> Iterator[dict[str, Any]]:
    """Each price line with each combination of nulls, rows that are no charges, commitments and infrastructure."""
    lines = list(price_lines())
    for number, (line, nulls) in enumerate(itertools.product(lines, NULLABLE)):
        yield cost_row(number, line, nulls)
    # An allowance that the row does not use up.
    yield cost_row(100_001, lines[0], {"api_key_id": "allowance", "free_quantity": Decimal(1000)})
    unknown_share = {"pricing_status": "estimated", "pricing_reason": "unknown_cache_share", "is_estimated": True}
    for line in lines:
        if line["meter"].startswith("uncached_input"):
            meter = line["meter"].removeprefix("uncached_")
            for source in ("billing_export", "monitoring"):
                yield (
                    cost_row(-1, line, {"api_key_id": "shared"})
                    | unknown_share
                    | {
                        "meter": meter,
                        "provider_model_id": line["model_id"],
                        "metering_source": source,
                    }
                )
    no_charges = (
        *(("unpriced", "unknown_model"), ("free", "free_tier")),
        ("committed", "covered_by_commitment"),
    )
    for status, reason in no_charges:
        row = cost_row(-1, lines[0], {"api_key_id": status})
        amounts = dict.fromkeys(("list_cost", "contracted_cost", "effective_cost", "billed_cost"))
        yield row | amounts | {"pricing_status": status, "pricing_reason": reason, "pricing_id": None}
    yield from commitment_rows.capacity_rows()


def cost_row(number: int, line: dict[str, Any], nulls: dict[str, Any]) -> dict[str, Any]:
    meter = METERS[line["meter"]]
    provider, day = line["provider"], DAYS[number % len(DAYS)]
    quantity = Decimal(number * 7919 + 1)
    pricing_quantity = quantity * meter.per_block
    contracted = line["unit_price"] / 2 if number % 5 == 0 else line["unit_price"]
    contracted = contracted.quantize(Decimal("1e-12"))
    cost = EXACT.multiply(pricing_quantity, contracted)
    return {
        "flow": "payg",
        "provider": provider,
        "usage_date": day,
        "provider_model_id": f"{MODELS[provider][0]}-{number}",
        "service_tier": line["service_tier"],
        "model_id": line["model_id"],
        "meter": meter.name,
        "quantity": quantity,
        "consumed_unit": meter.consumed_unit,
        "pricing_status": "estimated" if number % 11 == 0 else "priced",
        "pricing_reason": "unknown_context_band" if number % 11 == 0 else None,
        "is_estimated": number % 11 == 0,
        "pricing_id": line["pricing_id"],
        "pricing_type": "standard",
        "pricing_source": "test 1",
        "currency": "USD",
        "pricing_unit": meter.pricing_unit,
        "pricing_quantity": pricing_quantity,
        "list_unit_price": line["unit_price"],
        "contracted_unit_price": contracted,
        "list_cost": EXACT.multiply(pricing_quantity, line["unit_price"]),
        "contracted_cost": cost,
        "effective_cost": cost,
        "billed_cost": cost,
        "charge_category": "Usage",
        "charge_frequency": "Usage-Based",
        "pricing_category": "Standard",
        "charge_period_start": commitments.midnight(day),
        "charge_period_end": commitments.midnight(day + dt.timedelta(days=1)),
        "x_org_slug": ("acme", "globex")[number % 2],
        "x_pipeline_id": f"{provider}.payg_usage",
        "x_credential_id": "main",
        "x_pipeline_run_date": day,
        "x_run_id": "run-1",
        "x_ingested_at": NOW,
        "x_ingestion_date": day,
        "x_genai_provider": provider.upper(),
        "x_genai_account_id": f"acct-{provider}",
    } | nulls


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {column.name: TYPES[column.type].polars for column in TABLES[table].columns}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def provider_row(provider: str, name: str, *infrastructure_service: str | None) -> dict[str, Any]:
    parties = ("service_provider_name", "host_provider_name", "invoice_issuer_name", "provider_name", "publisher_name")
    service = ("infrastructure_service_name", "infrastructure_service_category", "infrastructure_service_subcategory")
    return {
        "provider": provider,
        "provider_code": provider.upper(),
        **dict.fromkeys(parties, name),
        "service_name": f"{name} API",
        "service_category": "AI and Machine Learning",
        "service_subcategory": "Generative AI",
        **dict(zip(service, infrastructure_service, strict=False)),
        "billing_account_type": "Organization",
        "currency": "USD",
    }


def alias_rules() -> list[dict[str, Any]]:
    rules = [
        {"provider": provider, "rank": rank, "model_id": model, "model_developer": developer, "model_family": family}
        for provider, (model, developer, family) in MODELS.items()
        for rank, developer in ((1, developer), (2, None))
    ]
    titan = {
        "provider": "aws_bedrock",
        "rank": 1,
        "model_id": "amazon.titan",
        "model_developer": "Amazon",
        "model_family": "Titan",
    }
    return [rule | {"pattern": f"^{rule['model_id']}$", "valid_from": dt.date(2020, 1, 1)} for rule in (*rules, titan)]


def reference_frames() -> dict[str, pl.DataFrame]:
    providers = [provider_row(provider, MODELS[provider][1]) for provider in PROVIDERS]
    providers += [provider_row(name, *names) for name, names in commitments.CAPACITY_PROVIDERS.items()]
    accounts = [
        {"x_org_slug": org, "provider": provider, "account_id": f"acct-{provider}", "account_name": f"{org} main"}
        for org, provider in itertools.product(("acme", "globex"), PROVIDERS)
    ]
    return {
        "genai_meters": meters_frame(),
        "genai_providers": frame("genai_providers", providers),
        "genai_model_alias_rules": frame("genai_model_alias_rules", alias_rules()),
        "genai_provider_accounts": frame("genai_provider_accounts", accounts),
        "genai_commitments": frame("genai_commitments", commitments.commitments()),
    }


def write_inputs(home: Path, costs: list[dict[str, Any]]) -> None:
    for name, content in reference_frames().items():
        lake = home / "lake"
        is_price = TABLES[name].layer == "prices"
        path = lake / "prices" / name / "toy.parquet" if is_price else lake / "reference" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        content.write_parquet(path)
    inputs = {
        "genai_payg_pricing": frame("genai_payg_pricing", list(price_lines())),
        "genai_costs_daily_unified": frame("genai_costs_daily_unified", costs),
        "int_pricing__alias_rules": frame("genai_model_alias_rules", alias_rules()),
        "genai_commitment_pricing": frame("genai_commitment_pricing", commitments.commitment_prices()),
        "genai_infrastructure_pricing": frame("genai_infrastructure_pricing", commitments.infrastructure_prices()),
        "genai_commitment_utilization_daily": frame(
            "genai_commitment_utilization_daily", commitment_rows.utilization_rows()
        ),
    }
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for name, content in inputs.items():
            connection.register("content", content)
            connection.execute(f"create or replace table {name} as select * from content")  # noqa: S608 - fixed names


def build(home: Path, window: tuple[dt.date, dt.date] | None = None) -> None:
    """Build the FOCUS models and run the data tests that name them, over the inputs in the home."""
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, home)
    dbt_build(settings, window=window, select=MODELS_AND_TESTS)


def query(home: Path, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(sql, list(parameters)).fetchall()


@pytest.fixture(scope="session")
def focus_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose FOCUS table was built from all rows. Read it, never write to it."""
    home = tmp_path_factory.mktemp("focus")
    write_inputs(home, list(cost_rows()))
    build(home)
    return home


@pytest.fixture(scope="session")
def allocated_home(focus_home: Path) -> Path:
    """The same home with hand-made parts of its charges and the variant built from them.

    Not a home of its own, because dbt would parse the project anew for it, which takes most of the time.
    """
    with duckdb.connect(str(focus_home / "warehouse.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        charges = connection.execute("from cost_data_standard_1_3 order by x_FreeQuantity, x_ChargeId")
        names = [column for column, *_ in charges.description]
        rows = [dict(zip(names, row, strict=True)) for row in charges.fetchall()]
        parts = list(allocated_parts.allocated_rows(rows))
        connection.register("content", frame("int_attribution__allocated_charges", parts))
        connection.execute("create table int_attribution__allocated_charges as from content")
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(focus_home)}, focus_home)
    dbt_build(settings, window=None, select=["cost_data_standard_1_3_allocated"])
    return focus_home


@pytest.fixture
def focus_query(focus_home: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Runs SQL on the FOCUS table of focus_home."""
    return lambda sql, *parameters: query(focus_home, sql, parameters)


@pytest.fixture(scope="session")
def focus_lab() -> SimpleNamespace:
    """What makes and builds homes of one's own."""
    return SimpleNamespace(
        build=build,
        cost_rows=cost_rows,
        write_inputs=write_inputs,
        query=query,
        days=DAYS,
        now=NOW,
        exact=EXACT,
    )
