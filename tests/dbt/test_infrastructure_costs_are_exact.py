"""Hours of accelerators against amounts multiplied by hand, and which price of several holds."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.sources.statement import PRIORITIES, CapacityRate, Statement
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.transform import dbt_build

KNOWN_FROM = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 10, 2)
START = dt.date(2026, 1, 1)

Row = dict[str, Any]
#: Columns of usage beside resource_id, which names the case, and those of the cost row.
CASES: dict[str, tuple[Row, Row]] = {
    "own region": (
        {"quantity": "2.5", "region_id": "us-1"},
        {"pricing_status": "priced", "list_cost": "25.000000025", "billed_cost": "25.000000025", "currency": "USD"},
    ),
    "region without a price of its own": (
        {"region_id": "eu-1"},
        {"pricing_status": "unpriced", "pricing_reason": "no_capacity_price", "list_cost": None, "billed_cost": None},
    ),
    "price for all regions": (
        {"region_id": "eu-1", "variant": "everywhere"},
        {
            "list_unit_price": "3",
            "pricing_source": "capacity_prices seed (unconfirmed)",
            "x_hierarchy_entity_id": "DEPT-1",
        },
    ),
    "price of the region before that for all": (
        {"region_id": "us-1", "variant": "everywhere"},
        {"list_unit_price": "4"},
    ),
    "spot": ({"region_id": "us-1", "service_tier": "spot"}, {"list_unit_price": "4.5"}),
    "spot without a price of its own": (
        {"variant": "everywhere", "region_id": "us-1", "service_tier": "spot"},
        {"pricing_status": "unpriced"},
    ),
    "kind of work with a price of its own": (
        {"region_id": "us-1", "provider_service_tier": "training"},
        {"list_unit_price": "11"},
    ),
    "no kind of work": ({"region_id": "us-1", "provider_service_tier": None}, {"list_unit_price": "10.00000001"}),
    "before the first day": ({"day": dt.date(2025, 12, 31), "region_id": "us-1"}, {"pricing_status": "unpriced"}),
    "another currency": ({"variant": "in euro"}, {"pricing_status": "unpriced"}),
    "better source on its days": (
        {"variant": "announced"},
        {"list_unit_price": "7", "pricing_source": "gcp_billing_catalog list"},
    ),
    "worse source on the others": ({"variant": "announced", "day": dt.date(2026, 9, 30)}, {"list_unit_price": "8"}),
    "agreed by the organisation": (
        {"variant": "agreed"},
        {
            "list_unit_price": "6",
            "contracted_unit_price": "5",
            "list_cost": "6",
            "effective_cost": "5",
            "billed_cost": "5",
            "pricing_type": "standard",
            "contracted_pricing_type": "negotiated",
        },
    ),
    "agreed for the account": (
        {"variant": "agreed", "x_genai_account_id": "account-2"},
        {"list_unit_price": "6", "contracted_unit_price": "4.5"},
    ),
    "another organisation's agreement": (
        {"variant": "agreed", "x_org_slug": "globex"},
        {"list_unit_price": "6", "contracted_unit_price": "6", "contracted_pricing_type": "standard"},
    ),
    "price that only the organisation has": (
        {"variant": "only agreed"},
        {
            "list_unit_price": "2",
            "contracted_unit_price": "2",
            "pricing_type": "negotiated",
            "pricing_status": "priced",
        },
    ),
    "reserved": (
        {"region_id": "us-1", "service_tier": "committed"},
        {
            "pricing_status": "committed",
            "pricing_reason": "covered_by_commitment",
            "list_cost": "0",
            "pricing_id": None,
        },
    ),
}


def rate(price: str, **columns: Any) -> CapacityRate:
    fields: dict[str, Any] = {"provider": "toy", "meter": "gpu_hour", "variant": "h100", "valid_from": START} | columns
    return CapacityRate(unit_price=Decimal(price), **fields)


SEED = (
    rate("10.00000001", region_id="us-1"),
    rate("11", region_id="us-1", workload="training"),
    rate("4.5", region_id="us-1", purchase_option="spot"),
    rate("5", region_id="us-1", purchase_option="commitment", term="P1Y"),
    rate("3", variant="everywhere", confidence="unconfirmed"),
    rate("4", variant="everywhere", region_id="us-1"),
    rate("9", variant="in euro", currency="EUR"),
    rate("8", variant="announced"),
    rate("6", variant="agreed"),
)
UNIT: dict[str, Any] = {"meter": "model_unit_hour", "variant": None}
#: Two spellings of one model, and a model that no rule knows.
UNITS = (
    rate("40", **UNIT, model_id="toy-large-2026-01-01"),
    rate("41", **UNIT, model_id="Toy-Large"),
    rate("9", **UNIT, model_id="Unheard-Of"),
)
LISTED = (rate("7", variant="announced", valid_from=dt.date(2026, 10, 1)),)


def told(source: str, version: str, *rates: CapacityRate) -> pl.DataFrame:
    statement = Statement(
        source=source, source_version=version, retrieved_at=KNOWN_FROM, rates=(), capacity_rates=rates
    )
    return revise_capacity_book(empty_frame(CAPACITY_PRICE_BOOK), statement).frame


def agreed(frame: pl.DataFrame, account: str | None = None) -> pl.DataFrame:
    """The rows as if organisation acme had entered them."""
    source = "account" if account else "organisation"
    return frame.with_columns(
        x_org_slug=pl.lit("acme"),
        x_genai_account_id=pl.lit(account, pl.String),
        source=pl.lit(source),
        priority=pl.lit(PRIORITIES[source], pl.Int64),
        is_custom=pl.lit(value=True),
    )


@pytest.fixture(scope="module")
def lake(module_toy_lake: Any, toy: Any) -> Any:
    book = pl.concat(
        [
            told("capacity_prices", "seed", *SEED, *UNITS),
            told("gcp_billing_catalog", "list", *LISTED),
            agreed(told("organisation", "1", rate("5", variant="agreed"), rate("2", variant="only agreed"))),
            agreed(told("organisation", "2", rate("4.5", variant="agreed")), account="account-2"),
        ]
    )
    module_toy_lake.write_reference(
        genai_capacity_price_book=book.to_dicts(),
        genai_model_alias_rules=[toy.alias_row(1, "^toy-large", "toy-large")],
        genai_hierarchy_assignments=[toy.assignment_row("account", "account-1", "DEPT-1")],
    )
    usage = []
    for case, (columns, _) in CASES.items():
        row = {"day": DAY, "meter": "gpu_hour", "quantity": "1", "variant": "h100", "provider_service_tier": "compute"}
        more = {"provider_model_id": None, "consumed_unit": "GPU-Hours", "resource_id": case, "resource_type": "Job"}
        usage.append(toy.usage_row(**{**row, **more, **columns}))
    module_toy_lake.land(usage, flow="infrastructure")
    models = ["+genai_infrastructure_costs_daily", "+genai_commitment_pricing"]
    dbt_build(module_toy_lake.settings, window=None, select=models)
    return module_toy_lake


@pytest.fixture(scope="module")
def costs(lake: Any, toy: Any) -> dict[str, Row]:
    return {row["resource_id"]: row for row in rows_of(lake, toy, "genai_infrastructure_costs_daily")}


def rows_of(lake: Any, toy: Any, table: str) -> list[Row]:
    columns = [name for (name, *_) in toy.query(lake.settings, f"describe {table}")]
    found = toy.query(lake.settings, f"select * from {table}")  # noqa: S608 - names of our tables
    return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.parametrize("case", CASES)
def test_a_row_has_the_price_that_is_closest_to_it(case: str, costs: dict[str, Row]) -> None:
    expected = CASES[case][1]
    amounts = {name for name in costs[case] if name.endswith(("cost", "unit_price"))}
    assert {name: costs[case][name] for name in expected} == {
        name: Decimal(value) if name in amounts and value is not None else value for name, value in expected.items()
    }


def test_every_row_of_usage_has_one_cost_row(costs: dict[str, Row]) -> None:
    assert costs.keys() == CASES.keys()


def test_a_source_decides_only_the_days_that_it_speaks_of(lake: Any, toy: Any) -> None:
    prices = rows_of(lake, toy, "genai_infrastructure_pricing")

    assert len(prices) == len(SEED) + len(LISTED) + 3
    assert {row["valid_to"] for row in prices if row["variant"] == "announced"} == {dt.date(2026, 10, 1), None}


def test_a_model_has_one_price_however_a_source_spells_it(lake: Any, toy: Any) -> None:
    prices = rows_of(lake, toy, "genai_commitment_pricing")

    assert {row["model_id"]: row["unit_price"] for row in prices} == {"toy-large": 41, "unheard-of": 9}
    assert {row["meter"] for row in prices} == {"model_unit_hour"}
