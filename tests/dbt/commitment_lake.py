"""A small lake of commitments and reserved capacity of an invented provider, and the warehouse that dbt makes of it."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing_sentinel
from genai_finops.pricing.sources.statement import PRIORITIES
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.table import Table
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build

Row = Mapping[str, Any]
HOUR = dt.timedelta(hours=1)
KNOWN_FROM = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
#: The engine's own tables: none of them needs a price of pay-as-you-go.
ENGINE = ("+genai_commitment_costs_daily", "+genai_commitment_utilization_hourly")

_PROVIDER_ROW = {
    "provider": "toy",
    "provider_code": "TOY",
    "service_provider_name": "Toy",
    "host_provider_name": "Toy",
    "invoice_issuer_name": "Toy",
    "provider_name": "Toy",
    "publisher_name": "Toy",
    "service_name": "Toy API",
    "service_category": "AI and Machine Learning",
    "service_subcategory": "Generative AI",
    "billing_account_type": "Organization",
    "currency": "USD",
}
_ALIAS_ROW = {
    "provider": "toy",
    "rank": 0,
    "pattern": "^toy-large",
    "model_id": "toy-large",
    "model_name": "Toy Large",
    "model_developer": "Toy Works",
    "model_family": "toy",
    "valid_from": dt.date(2020, 1, 1),
    "source": "test",
    "source_version": "1",
    "known_from": KNOWN_FROM,
}


def at(text: str) -> dt.datetime:
    """A moment in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def commitment_row(x_org_slug: str, **columns: Any) -> dict[str, Any]:
    """100 PTU of account-1 for January 2026, paid once at 297.6 each; keyword arguments override columns."""
    ends_at = columns.get("ends_at", at("2026-02-01"))
    return row_of(
        "genai_commitments",
        {
            "x_org_slug": x_org_slug,
            "provider": "toy",
            "commitment_id": "res-1",
            "account_id": "account-1",
            "x_credential_id": "cred-1",
            "contract_id": "order-1",
            "commitment_type": "Reservation",
            "meter": "ptu_hour",
            "scope": "global",
            "applies_to": "account",
            "region_id": "east",
            "quantity": Decimal(100),
            "term": "P1M",
            "starts_at": at("2026-01-01"),
            "ends_at": ends_at,
            "payment": "upfront",
            "agreed_unit_price": Decimal("297.6"),
            "agreed_price_period": "term",
            "currency": "USD",
            "is_renewed": False,
            "first_observed_at": ends_at,
            "last_observed_at": ends_at,
        },
        columns,
    )


def usage_row(x_org_slug: str, hour: dt.datetime, quantity: str | Decimal, **columns: Any) -> dict[str, Any]:
    """Capacity of deployment `one` that was provisioned in an hour; keyword arguments override columns."""
    resource_id = columns.get("resource_id", "one")
    return row_of(
        "genai_commitment_usage_raw",
        {
            "provider": "toy",
            "usage_date": hour.date(),
            "period_start": hour,
            "period_end": hour + HOUR,
            "resource_id": "one",
            "resource_name": resource_id,
            "resource_type": "Deployment" if resource_id else None,
            "provider_model_id": "toy-large",
            "region_id": "east",
            "geography": "global",
            "service_tier": "committed",
            "meter": "ptu_hour",
            "quantity": Decimal(quantity),
            "consumed_unit": METERS[columns.get("meter", "ptu_hour")].consumed_unit,
            "x_raw_page": "0" * 64,
            "x_org_slug": x_org_slug,
            "x_pipeline_id": "toy.commitment_usage",
            "x_credential_id": "cred-1",
            "x_pipeline_run_date": hour.date(),
            "x_run_id": "run-1",
            "x_ingested_at": at("2026-03-01"),
            "x_ingestion_date": hour.date(),
            "x_genai_provider": "TOY",
            "x_genai_account_id": "account-1",
        },
        columns,
    )


def capacity_price_row(unit_price: str, **columns: Any) -> dict[str, Any]:
    """Price of a PTU-hour without a commitment; keyword arguments override columns."""
    return row_of(
        "genai_capacity_price_book",
        {
            "provider": "toy",
            "meter": "ptu_hour",
            "purchase_option": "on_demand",
            "price_period": "hour",
            "unit_price": Decimal(unit_price),
            "currency": "USD",
            "confidence": "confirmed",
            "valid_from": dt.date(2020, 1, 1),
            "source": "test",
            "source_version": "1",
            "retrieved_at": KNOWN_FROM,
            "priority": 0,
            "is_custom": False,
            "known_from": KNOWN_FROM,
        },
        columns,
    )


def throughput_row(token_meter: str, weight: str, tokens_per_minute: str, **columns: Any) -> dict[str, Any]:
    """What a PTU serves of model toy-large; keyword arguments override columns."""
    return row_of(
        "genai_capacity_throughput",
        {
            "provider": "toy",
            "meter": "ptu_hour",
            "scope": "global",
            "model_id": "toy-large",
            "token_meter": token_meter,
            "context_tokens_above": 0,
            "weight": Decimal(weight),
            "tokens_per_minute": Decimal(tokens_per_minute),
            "confidence": "confirmed",
            "valid_from": dt.date(2020, 1, 1),
            "source": "test",
        },
        columns,
    )


def price_row(meter: str, unit_price: str, **columns: Any) -> dict[str, Any]:
    """Pay-as-you-go price of a million tokens of model toy-large; keyword arguments override columns."""
    return row_of(
        "genai_price_book",
        {
            "provider": "toy",
            "model_id": "toy-large",
            "meter": meter,
            "service_tier": "standard",
            "geography": "global",
            "context_tokens_above": 0,
            "model_name": "Toy Large",
            "pricing_type": "standard",
            "currency": "USD",
            "unit_price": Decimal(unit_price),
            "valid_from": dt.date(2020, 1, 1),
            "source": "genai-prices",
            "source_version": "1",
            "retrieved_at": KNOWN_FROM,
            "priority": PRIORITIES["genai-prices"],
            "is_custom": False,
            "known_from": KNOWN_FROM,
        },
        columns,
    )


def row_of(table: str, values: Row, columns: Row) -> dict[str, Any]:
    """A row of a table: values, columns over them, null otherwise. Raises TypeError for unknown columns."""
    empty = dict.fromkeys(column.name for column in TABLES[table].columns)
    if unknown := columns.keys() - empty.keys():
        raise TypeError(f"{table} has no columns {sorted(unknown)}")
    return {**empty, **values, **columns}


@dataclass(kw_only=True)
class CommitmentLake:
    """Rows by table, written below a folder and built there."""

    folder: Path
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows to a table of the lake."""
        self.rows.setdefault(table, []).extend(rows)

    @property
    def settings(self) -> Settings:
        """A home of its own."""
        return Settings.from_environment({"GENAI_FINOPS_HOME": str(self.folder / "home")}, self.folder)

    def write(self) -> None:
        """Write every table of the lake, those without rows too."""
        given: dict[str, list[Row]] = {"genai_providers": [_PROVIDER_ROW], "genai_model_alias_rules": [_ALIAS_ROW]}
        rows = given | self.rows
        root = Path(self.settings.lake_url)
        for table in TABLES.values():
            frame = meters_frame() if table.name == "genai_meters" else _frame(table, rows.get(table.name, []))
            if table.layer == "reference":
                _write(root / "reference" / f"{table.name}.parquet", frame)
            if table.layer == "prices":
                _write(root / "prices" / table.name / "toy.parquet", frame)
            if table.layer == "resources":
                _write(root / "resources" / "toy" / "acme.cred-1.parquet", frame)
            if table.layer == "landing":
                write_landing_sentinel(LakeFiles(str(root)), table)
                _land(root / "landing" / table.name, frame)

    def build(
        self, *, window: tuple[dt.date, dt.date] | None = None, select: Sequence[str] = ENGINE, tests: bool = True
    ) -> None:
        """Build these models, and their data tests."""
        exclude = () if tests else ("resource_type:test",)
        dbt_build(self.settings, window=window, select=[*select], exclude=exclude)

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Rows of the warehouse by name, opened for reading only."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            found = connection.execute(statement)
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _frame(table: Table, rows: Sequence[Row]) -> pl.DataFrame:
    schema = {column.name: TYPES[column.type].polars for column in table.columns}
    return pl.DataFrame([dict(row) for row in rows], schema=schema)


def _write(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def _land(folder: Path, frame: pl.DataFrame) -> None:
    _write(folder / "day=0001-01-01" / "_schema" / "empty.parquet", frame.clear())
    for (day,), rows in frame.partition_by("x_ingestion_date", as_dict=True).items():
        _write(folder / f"day={day}" / "toy" / "acme.cred-1.parquet", rows)
