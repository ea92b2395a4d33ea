"""A year of reserved capacity by the hour: equal arguments, equal rows. Quantities are arithmetic."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import landing_path, write_reference
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.validation import empty_frame, validate

PROVIDER = "azure_openai"
_USAGE = TABLES["genai_commitment_usage_raw"]
_COMMITMENTS = TABLES["genai_commitments"]
_PER_ORG = 4
#: Scope, as the list of commitments says it and as usage does.
_SCOPES = (("global", "global"), ("data_zone", "data_zone_eu"))
_PAYMENTS = ("upfront", "monthly", "hourly", "partial_upfront")
_METERS = ("ptu_hour", "uncached_input", "cache_read", "output", "busy_unit_hour")
_MIDNIGHT = dt.time(0, tzinfo=dt.UTC)


def write_commitments(files: LakeFiles, count: int, days: list[dt.date]) -> None:
    """Commitments that run through all days, paid in every way, half of them for the whole organisation."""
    frame = pl.DataFrame(
        [_commitment(number, days) for number in range(count)], schema=empty_frame(_COMMITMENTS).schema
    )
    validate(_COMMITMENTS, frame, subject="generated commitments")
    write_reference(files, _COMMITMENTS, frame)


def write_capacity(files: LakeFiles, count: int, days: list[dt.date]) -> int:
    """As many deployments, which are scaled every few weeks at 13:00, with their tokens; gives the number of rows."""
    hours = _hours_of_a_day(count)
    validate(_USAGE, _usage_of(hours, days[0]), subject="generated usage")
    for day in days:
        path = files.path(landing_path(_USAGE, day=day, provider=PROVIDER, org="all", credential="all"))
        _usage_of(hours, day).write_parquet(path, compression="zstd", statistics=True, mkdir=True)
    return hours.height * len(days)


def _org(number: int) -> str:
    return f"org-{number // _PER_ORG:03d}"


def _commitment(number: int, days: list[dt.date]) -> dict[str, Any]:
    payment = _PAYMENTS[number % len(_PAYMENTS)]
    start, end = (dt.datetime.combine(day, _MIDNIGHT) for day in (days[0], days[-1] + dt.timedelta(days=1)))
    return {
        **dict.fromkeys(column.name for column in _COMMITMENTS.columns),
        "x_org_slug": _org(number),
        "provider": PROVIDER,
        "commitment_id": f"reservation-{number}",
        "account_id": f"account-{_org(number)}",
        "x_credential_id": "credential",
        "contract_id": f"order-{number}",
        "commitment_type": "Reservation",
        "meter": "ptu_hour",
        "scope": _SCOPES[number % len(_SCOPES)][0],
        "applies_to": ("account", "organisation")[number // 2 % 2],
        "region_id": "swedencentral",
        "quantity": Decimal(50 + number % 7 * 10),
        "term": "P1Y",
        # Odd seconds are what the amortisation has to bear.
        "starts_at": start + dt.timedelta(seconds=number * 37 % 86400),
        "ends_at": end,
        "payment": payment,
        "upfront_share": Decimal("0.4") if payment == "partial_upfront" else None,
        "agreed_unit_price": Decimal("212.345678"),
        "agreed_price_period": "month",
        "currency": "USD",
        "is_renewed": False,
        "first_observed_at": start,
        "last_observed_at": end,
    }


def _hours_of_a_day(count: int) -> pl.DataFrame:
    records = [
        {
            "number": number,
            "hour": hour,
            "meter": meter,
            "consumed_unit": METERS[meter].consumed_unit,
            "x_org_slug": _org(number),
            "x_genai_account_id": f"account-{_org(number)}",
            "sub_account_id": f"subscription-{_org(number)}",
            "resource_id": f"deployment-{number}",
            "resource_name": f"Deployment {number}",
            "geography": _SCOPES[number % len(_SCOPES)][1],
        }
        for number in range(count)
        for hour in range(24)
        for meter in _METERS
    ]
    return pl.DataFrame(records).with_columns(
        sub_account_name=pl.col("sub_account_id"),
        sub_account_type=pl.lit("Subscription"),
        resource_type=pl.lit("Deployment"),
        provider=pl.lit(PROVIDER),
        provider_model_id=pl.lit("gpt-4.1-2025-04-14"),
        region_id=pl.lit("swedencentral"),
        service_tier=pl.lit("committed"),
        x_raw_page=pl.lit("0" * 64),
        x_pipeline_id=pl.lit(f"{PROVIDER}.commitment_usage"),
        x_credential_id=pl.lit("credential"),
        x_genai_provider=pl.lit(PROVIDER.upper()),
    )


def _usage_of(hours: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    midnight = dt.datetime.combine(day, _MIDNIGHT)
    start = pl.lit(midnight).cast(pl.Datetime("us", "UTC")) + pl.duration(hours=pl.col("hour"))
    scaled_up = (pl.lit(day.toordinal() * 24) + pl.col("hour") + 11 + pl.col("number") * 24) // (21 * 24)
    units = 15 + 5 * ((pl.col("number") * 7 + scaled_up) % 20)
    load = 20 + (pl.col("number") * 13 + pl.col("hour") * 7 + day.toordinal() * 5) % 70
    quantity = (
        pl.when(pl.col("meter") == "ptu_hour")
        .then(units * 100)
        .when(pl.col("meter") == "busy_unit_hour")
        .then(units * load)
        .otherwise(units * load * pl.when(pl.col("meter") == "output").then(24_000).otherwise(90_000))
    )
    dates = dict.fromkeys(("usage_date", "x_pipeline_run_date", "x_ingestion_date"), pl.lit(day))
    frame = hours.with_columns(
        **dates,
        period_start=start,
        period_end=start + pl.duration(hours=1),
        quantity=(quantity.cast(pl.Decimal(26, 6)) * pl.lit(Decimal("0.01"))).cast(pl.Decimal(26, 6)),
        x_run_id=pl.lit(f"run-{day.isoformat()}"),
        x_ingested_at=pl.lit(midnight).cast(pl.Datetime("us", "UTC")),
    )
    schema = empty_frame(_USAGE).schema
    missing = {name: pl.lit(None).cast(kind) for name, kind in schema.items() if name not in frame.columns}
    return frame.with_columns(**missing).select(list(schema)).cast(dict(schema))
