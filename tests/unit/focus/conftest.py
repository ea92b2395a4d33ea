"""A warehouse with hand-made charges, as the tables of the register."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from genai_finops.focus.export import ExportResult, export_focus
from genai_finops.focus.window import DayWindow
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.warehouse.duckdb import open_duckdb

INGESTED_AT = dt.datetime(2026, 11, 5, 6, 0, 0, 123456, tzinfo=dt.UTC)
DAYS = (dt.date(2026, 10, 30), dt.date(2026, 10, 31), dt.date(2026, 11, 1))
#: The first has 36 digits: Python's default arithmetic would round a sum of them.
COSTS = (Decimal("123456789012345678.000000000000000001"), Decimal("0.0000375"), Decimal(0))
DETAILS = '{"x_ModelId":"gpt-4.1"}'
FILLERS: dict[str, Any] = {
    "string": "text",
    "json": "{}",
    "timestamp": INGESTED_AT,
    "date": DAYS[0],
    "bool": False,
    "quantity": Decimal(1000),
    "rate": Decimal("2.5"),
}


def charge(number: int, day: dt.date, org: str) -> dict[str, Any]:
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    table = TABLES["cost_data_standard_1_3"]
    cost = COSTS[number % 3]
    row = {column.name: None if column.nullable else FILLERS.get(column.type, cost) for column in table.columns}
    return row | {
        "BillingCurrency": ("USD", "EUR")[number % 2],
        "ChargeDescription": 'Input Tokens, "quoted", für gpt-4.1',
        "ChargePeriodStart": midnight,
        "ChargePeriodEnd": midnight + dt.timedelta(days=1),
        "PricingQuantity": Decimal(1000),
        "ListUnitPrice": Decimal("0.000000000001"),
        "SkuPriceDetails": DETAILS,
        "x_OrgSlug": org,
        "x_IngestionDate": day,
        "x_IsEstimated": number == 0,
        "x_ChargeId": f"{number * 7919 % 10007:032x}",
    }


def charges() -> Iterator[dict[str, Any]]:
    for number, (day, org, _) in enumerate(itertools.product(DAYS, ("acme", "globex"), range(4))):
        yield charge(number, day, org)


TENANTS = ("south", "a/../b", "o'; drop table x --", "\u043eceans", "oceans", "z" * 10_000)


def parts() -> Iterator[dict[str, Any]]:
    """What the table of allocated charges has of them: all given to one tenant or the other, the last to nobody."""
    for number, row in enumerate(charges()):
        part = {
            "x_OriginChargeId": row["x_ChargeId"],
            "x_TenantId": (*TENANTS, None)[number % (len(TENANTS) + 1)],
            "x_AllocationMethod": "logged_quantity",
            "x_EvidenceCoverage": Decimal(1),
        }
        yield row | part


def unpriced(day: dt.date, org: str) -> dict[str, Any]:
    table = TABLES["genai_costs_daily_unified"]
    row = {column.name: None if column.nullable else FILLERS.get(column.type) for column in table.columns}
    return row | {"pricing_status": "unpriced", "x_ingestion_date": day, "x_org_slug": org}


def commitment(org: str, cost: Decimal | None) -> dict[str, Any]:
    table = TABLES["contract_commitment_1_3"]
    row = {column.name: None if column.nullable else FILLERS.get(column.type, cost) for column in table.columns}
    return row | {
        "BillingCurrency": "USD",
        "ContractCommitmentCost": cost,
        "ContractCommitmentId": "order-1",
        "ContractCommitmentQuantity": Decimal("74400.5"),
        "x_OrgSlug": org,
    }


def write_tables(path: Path, rows_of: dict[str, list[dict[str, Any]]]) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, rows in rows_of.items():
            schema = {column.name: TYPES[column.type].polars for column in TABLES[name].columns}
            connection.register("content", pl.DataFrame(rows, schema=schema))
            connection.execute(f"create table {name} as select * from content")  # noqa: S608 - fixed names


@pytest.fixture(scope="session")
def warehouse_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 charges of two organisations on three days in two months; acme has one unpriced row on the last day.

    Each has a commitment of the same name, globex one whose cost is not known.
    """
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    write_tables(
        path,
        {
            "cost_data_standard_1_3": list(charges()),
            "cost_data_standard_1_3_allocated": list(parts()),
            "contract_commitment_1_3": [commitment("acme", COSTS[0]), commitment("globex", None)],
            "genai_costs_daily_unified": [unpriced(DAYS[2], "acme")],
        },
    )
    return path


@pytest.fixture
def export(warehouse_path: Path, tmp_path: Path) -> Callable[..., ExportResult]:
    """Exports both months to the folder `out` of the test; keyword arguments override the defaults."""

    def run(*, warehouse_path: Path = warehouse_path, **arguments: Any) -> ExportResult:
        defaults = {
            "window": DayWindow(dt.date(2026, 10, 1), dt.date(2026, 12, 1)),
            "out": tmp_path / "out",
            "file_format": "parquet",
            "now": dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC),
            "landed": {},
        }
        with open_duckdb(warehouse_path) as warehouse:
            return export_focus(warehouse, **(defaults | arguments))

    return run
