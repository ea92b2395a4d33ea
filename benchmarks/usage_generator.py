"""Usage of a year as landing Parquet: equal arguments, equal rows. No randomness is drawn, quantities are arithmetic.

The models, tiers, bands and geographies are those that the price list knows, with its price changes inside the year,
and a few that it does not know, because real usage has them too.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, Literal

import polars as pl
from organisations import SUB_ACCOUNTS, Customer, customers

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import landing_path
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.validation import empty_frame, validate

LAST_DAY = dt.date(2026, 11, 5)

#: `replace_key` is what ingestion writes: a file for each organisation, credential, provider and day.
Layout = Literal["replace_key", "day_and_provider"]

_TABLE = TABLES["genai_payg_usage_raw"]
_SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_INGESTED_AT = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_ANTHROPIC_METERS = ("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_search")
_OPENAI_METERS = ("uncached_input", "cache_read", "output", "request", "uncached_input_audio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One kind of use of a model, which every key of a customer may have."""

    model: str
    meters: tuple[str, ...]
    service_tier: str = "standard"
    provider_service_tier: str = "default"
    geography: str | None = None
    band: tuple[str, int, int] | None = None


_SHORT = ("0-200k", 0, 200_000)
_LONG = ("200k-1M", 200_000, 1_000_000)


def _anthropic(model: str, **dimensions: Any) -> Traffic:
    defaults = {"provider_service_tier": "standard", "geography": "global", "band": _SHORT}
    return Traffic(model=model, meters=_ANTHROPIC_METERS, **(defaults | dimensions))


def _openai(model: str, **dimensions: Any) -> Traffic:
    return Traffic(model=model, meters=_OPENAI_METERS, **dimensions)


_TRAFFIC = {
    "anthropic": (
        _anthropic("claude-sonnet-5"),
        _anthropic("claude-opus-5"),
        _anthropic("claude-haiku-4-5-20251001"),
        _anthropic("claude-sonnet-4-5-20250929", geography=None),
        _anthropic("claude-opus-4-6", service_tier="batch", provider_service_tier="batch"),
        _anthropic("claude-opus-5", geography="us"),
        _anthropic("claude-sonnet-4-6", band=_LONG),
        _anthropic("claude-opus-4-6", service_tier="fast", provider_service_tier="standard+fast"),
        _anthropic("claude-sonnet-5", service_tier="committed", provider_service_tier="priority"),
    ),
    "openai": (
        _openai("gpt-5.6-sol-2026-05-19"),
        _openai("gpt-5-2025-08-07"),
        _openai("gpt-5-mini-2025-08-07"),
        _openai("gpt-4o-mini-2024-07-18"),
        _openai("gpt-5.6-luna", service_tier="batch", provider_service_tier="default"),
        _openai("gpt-5.6-terra", service_tier="flex", provider_service_tier="flex"),
        _openai("gpt-5.2", service_tier="priority", provider_service_tier="priority"),
        _openai("gpt-4.1-2025-04-14", service_tier="batch"),
        _openai("a-model-of-tomorrow"),
        _openai("o3-2025-04-16"),
        Traffic(model="text-embedding-3-small", meters=("embedding_input", "request")),
    ),
}


def usage_of_day(frame: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows of one day, in the shape of the landing table, from what `usage_dimensions` gives."""
    midnight = dt.datetime.combine(day, dt.time(0, tzinfo=dt.UTC))
    volume = (pl.col("number") * 7_919 + day.toordinal() * 104_729) % 1_000_003 * pl.col("scale") + 1
    dates: dict[str, Any] = {
        **dict.fromkeys(("usage_date", "x_pipeline_run_date", "x_ingestion_date"), pl.lit(day)),
        "period_start": pl.lit(midnight).cast(pl.Datetime("us", "UTC")),
        "period_end": pl.lit(midnight + dt.timedelta(days=1)).cast(pl.Datetime("us", "UTC")),
        "x_run_id": pl.lit(f"run-{day.isoformat()}"),
        "quantity": volume.cast(pl.Decimal(26, 6)),
    }
    return frame.with_columns(**dates).select(empty_frame(_TABLE).columns)


def usage_dimensions(orgs: int, rows_per_customer: int) -> pl.DataFrame:
    """The rows of any day without their day: of every customer as many as asked for."""
    records = [record for customer in customers(orgs) for record in islice(_rows_of(customer), rows_per_customer)]
    schema = {name: kind for name, kind in empty_frame(_TABLE).schema.items() if name in records[0]}
    return (
        pl.DataFrame(records, schema=schema | {"scale": pl.Int64()}).with_row_index("number").cast({"number": pl.Int64})
    )


def write_usage(files: LakeFiles, dimensions: pl.DataFrame, *, days: list[dt.date], layout: Layout) -> int:
    """Write the landing partitions of the days; gives the number of files. The first day is validated."""
    validate(_TABLE, usage_of_day(dimensions, days[0]), subject="generated usage")
    columns = ["provider", "x_org_slug", "x_credential_id"] if layout == "replace_key" else ["provider"]
    parts = dimensions.partition_by(columns, as_dict=True)
    for day in days:
        for key, part in parts.items():
            provider, org, credential = (*map(str, key), "all", "all")[:3]
            path = files.path(landing_path(_TABLE, day=day, provider=provider, org=org, credential=credential))
            # Not through LakeFiles.replace: its fsync is what ingestion pays over a year, not what is measured.
            usage_of_day(part, day).write_parquet(path, compression="zstd", statistics=True, mkdir=True)
    return len(days) * len(parts)


def last_days(number: int) -> list[dt.date]:
    """The last days up to LAST_DAY, oldest first."""
    return [LAST_DAY - dt.timedelta(days=back) for back in reversed(range(number))]


def _rows_of(customer: Customer) -> Iterator[dict[str, Any]]:
    traffics = _TRAFFIC[customer.provider]
    for key_number in count():
        for traffic in traffics:
            for meter in traffic.meters:
                yield _row(customer, key_number, traffic, meter)


def _row(customer: Customer, key_number: int, traffic: Traffic, meter: str) -> dict[str, Any]:
    sub_account = key_number % SUB_ACCOUNTS
    band, above, up_to = traffic.band or (None, None, None)
    return {
        "provider": customer.provider,
        "sub_account_id": customer.sub_account_id(sub_account),
        "sub_account_name": f"Product {sub_account}",
        "sub_account_type": customer.sub_account_type,
        "resource_id": None,
        "resource_name": None,
        "resource_type": None,
        "api_key_id": customer.api_key_id(key_number),
        "provider_model_id": traffic.model,
        "region_id": None,
        "geography": traffic.geography,
        "service_tier": traffic.service_tier,
        "provider_service_tier": traffic.provider_service_tier,
        "context_band": band,
        "context_tokens_above": above,
        "context_tokens_up_to": up_to,
        "variant": None,
        "metering_source": None,
        "meter": meter,
        "consumed_unit": METERS[meter].consumed_unit,
        "x_raw_page": _SHA256_OF_NOTHING,
        "x_org_slug": customer.org,
        "x_pipeline_id": f"{customer.provider}.payg_usage",
        "x_credential_id": customer.credential_id,
        "x_ingested_at": _INGESTED_AT,
        "x_genai_provider": customer.provider.upper(),
        "x_genai_account_id": customer.account_id,
        "scale": 37 if METERS[meter].kind == "tokens" else 1,
    }
