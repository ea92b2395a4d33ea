"""A warehouse by hand: thirty days of one organisation, and a price book of a few rates."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.rating_engine import RatingEngine, RatingTables
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.table import Column
from genai_finops.schemas.tables.control import PROVIDER_ACCOUNTS
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_FACTORS
from genai_finops.schemas.tables.reference import PROVIDERS
from genai_finops.schemas.validation import empty_frame

FIRST, LAST, TODAY = dt.date(2026, 10, 6), dt.date(2026, 11, 4), dt.date(2026, 11, 5)
DAYS = tuple(FIRST + dt.timedelta(days=number) for number in range(30))
#: Twenty of them, with the first and the last: amounts divide evenly.
CHARGED = (*DAYS[:10], *DAYS[-10:])
SAID = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MILLION = 1_000_000

#: Provider, model, tier, and US dollars for a million tokens of plain input, cache reads and output.
PRICES = (
    ("openai", "gpt-5", "standard", "1.25", "0.125", "10"),
    ("openai", "gpt-5", "batch", "0.625", None, "5"),
    ("openai", "gpt-5-mini", "standard", "0.25", "0.025", "2"),
    ("anthropic", "claude-sonnet-4-5", "standard", "3", "0.3", "15"),
    ("aws_bedrock", "claude-sonnet-4-5", "standard", "2", "0.2", "10"),
)


def engine() -> RatingEngine:
    """A book with these prices."""
    rates = [
        StatedRate(
            provider=provider,
            model_id=model,
            meter=meter,
            service_tier=tier,
            unit_price=Decimal(price),
            valid_from=dt.date(2026, 1, 1),
        )
        for provider, model, tier, plain, read, output in PRICES
        for meter, price in (("uncached_input", plain), ("cache_read", read), ("output", output))
        if price is not None
    ]
    statement = Statement(
        source="genai-prices", source_version="1", retrieved_at=SAID, rates=tuple(rates), is_complete=True
    )
    named = sorted({(provider, model) for provider, model, *_ in PRICES})
    rules = [
        {
            "provider": provider,
            "rank": rank,
            "pattern": f"^{model}$",
            "model_id": model,
            "valid_from": dt.date(2026, 1, 1),
            "source": "genai-prices",
            "source_version": "1",
            "known_from": SAID,
        }
        for rank, (provider, model) in enumerate(named)
    ]
    providers = [
        dict.fromkeys((column.name for column in PROVIDERS.columns), "Any") | {"provider": name, "currency": "USD"}
        for name in sorted({provider for provider, _ in named})
    ]
    return RatingEngine(
        RatingTables(
            prices=price_book_frame(statement),
            factors=empty_frame(PRICE_FACTORS),
            alias_rules=pl.DataFrame(rules, schema=empty_frame(MODEL_ALIAS_RULES).schema),
            meters=meters_frame(),
            providers=pl.DataFrame(providers, schema=empty_frame(PROVIDERS).schema),
            accounts=empty_frame(PROVIDER_ACCOUNTS),
        )
    )


class World:
    """Writes rows; a day of a charge is the first of the window where none is named."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._number = 0

    def insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Rows of a table; what is not named and must not be null is filled."""
        listed = list(rows)
        columns = [column for column in TABLES[table].columns if not column.nullable or column.name in listed[0]]
        named = ", ".join(f'"{column.name}"' for column in columns)
        given = [{column.name: row.get(column.name, _filler(column)) for column in columns} for row in listed]
        self._connection.register("given", pl.DataFrame(given, infer_schema_length=None))
        self._connection.execute(f"insert into {table} ({named}) select {named} from given")  # noqa: S608 - names of ours
        self._connection.unregister("given")

    def charge(
        self,
        provider: str,
        model: str,
        task: str | None,
        parts: dict[str, tuple[int, str]],
        *,
        org: str = "acme",
        days: Sequence[dt.date] = CHARGED,
        tier: str = "standard",
        band: str | None = None,
        method: str = "logged_quantity",
    ) -> None:
        """Quantity and cost by meter, of all the days together."""
        self.insert(
            "cost_data_standard_1_3_allocated",
            [
                {
                    "x_OrgSlug": org,
                    "x_GenaiProvider": provider.upper(),
                    "x_GenaiAccountId": f"{provider}-1",
                    "x_TaskId": task,
                    "x_ModelId": model,
                    "x_ServiceTier": tier,
                    "x_ContextBand": band,
                    "x_Geography": None,
                    "x_Variant": None,
                    "x_Meter": meter,
                    "x_Flow": "payg",
                    "ChargeCategory": "Usage",
                    "BillingCurrency": "USD",
                    "ConsumedQuantity": Decimal(quantity) / len(days),
                    "EffectiveCost": Decimal(cost) / len(days),
                    "x_AllocationMethod": method,
                    "x_IsEstimated": False,
                    "x_IngestionDate": day,
                }
                for meter, (quantity, cost) in parts.items()
                for day in days
            ],
        )

    def requests(
        self,
        provider: str,
        model: str,
        task: str,
        told: Iterable[tuple[dt.datetime, str | None, int, str]],
        *,
        user: str = "ann",
    ) -> None:
        """Requests of acme: start, conversation, tokens of plain input, and cost."""
        rows = []
        for start, conversation, tokens, cost in told:
            self._number += 1
            rows.append(
                {
                    "event_id": str(self._number),
                    "started_at": start,
                    "ended_at": start,
                    "usage_date": start.date(),
                    "x_ingestion_date": start.date(),
                    "provider": provider,
                    "x_genai_account_id": f"{provider}-1",
                    "model_id": model,
                    "service_tier": "standard",
                    "task": task,
                    "conversation_id": conversation,
                    "user_id": user,
                    "tenant_id": None,
                    "uncached_input": tokens,
                    "contracted_cost": Decimal(cost),
                    "currency": "USD",
                    "is_cache_hit": False,
                    "x_org_slug": "acme",
                }
            )
        self.insert("genai_usage_events", rows)

    def commitment(self, name: str, *, unused: Sequence[int]) -> None:
        """A commitment of 10 units at 2 dollars an hour over the last days; its unused units by hour."""
        hours = [dt.datetime(2026, 10, 31, tzinfo=dt.UTC) + dt.timedelta(hours=number) for number in range(len(unused))]
        key = {
            "x_org_slug": "acme",
            "provider": "gcp_vertex",
            "x_genai_account_id": "gcp_vertex-1",
            "meter": "gsu_hour",
            "commitment_id": name,
        }
        self.insert(
            "genai_commitment_utilization_hourly",
            [
                key
                | {
                    "hour_start": hour,
                    "committed_quantity": 10,
                    "unused_quantity": units,
                    "x_ingestion_date": hour.date(),
                }
                for hour, units in zip(hours, unused, strict=True)
            ],
        )
        self.insert(
            "genai_commitment_utilization_daily",
            [
                key
                | {
                    "usage_date": day,
                    "x_ingestion_date": day,
                    "committed_quantity": 240,
                    "unused_quantity": sum(unused) // 5,
                    "effective_cost": 480,
                    "unused_cost": 2 * (sum(unused) // 5),
                    "currency": "USD",
                }
                for day in sorted({hour.date() for hour in hours})
            ],
        )


def _filler(column: Column) -> object:
    if not column.nullable and column.allowed:
        return column.allowed[0]
    return {"string": "x", "bool": False, "date": FIRST, "timestamp": SAID}.get(column.type, 0)
