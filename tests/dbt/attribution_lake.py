"""Rows of charges and request logs of the invented provider of commitment_lake."""

import datetime as dt
from decimal import Decimal
from typing import Any

from genai_finops.schemas.tables.events import EVENT_METERS

from .commitment_lake import at, row_of

DAY = dt.date(2026, 1, 5)
NOON = at("2026-01-05T12:00:00")


def charged_row(x_org_slug: str, meter: str, quantity: int, **columns: Any) -> dict[str, Any]:
    """Usage of API key `key-1` on the day; keyword arguments override columns."""
    day = columns.get("usage_date", DAY)
    midnight = dt.datetime.combine(day, dt.time(0), dt.UTC)
    return row_of(
        "genai_payg_usage_raw",
        {
            "provider": "toy",
            "usage_date": day,
            "period_start": midnight,
            "period_end": midnight + dt.timedelta(days=1),
            "api_key_id": "key-1",
            "provider_model_id": "toy-large",
            "geography": "global",
            "service_tier": "standard",
            "meter": meter,
            "quantity": Decimal(quantity),
            "consumed_unit": "Tokens",
            "x_raw_page": "0" * 64,
            "x_org_slug": x_org_slug,
            "x_pipeline_id": "toy.payg_usage",
            "x_credential_id": "cred-1",
            "x_pipeline_run_date": day,
            "x_run_id": "run-1",
            "x_ingested_at": at("2026-03-01"),
            "x_ingestion_date": day,
            "x_genai_provider": "TOY",
            "x_genai_account_id": "account-1",
        },
        columns,
    )


def event_row(x_org_slug: str, event_id: str, tenant_id: str | None, **columns: Any) -> dict[str, Any]:
    """A request of API key `key-1` at noon that counts nothing; keyword arguments override columns, meters too."""
    started_at = columns.get("started_at", NOON)
    values = {
        "source_id": "gateway",
        "event_id": event_id,
        "started_at": started_at,
        "usage_date": started_at.date(),
        "provider": "toy",
        "api_key_id": "key-1",
        "provider_model_id": "toy-large",
        "service_tier": "standard",
        "status": "success",
        "is_cache_hit": False,
        "tenant_id": tenant_id,
        "log_file": "gateway.jsonl",
        "log_line": 1,
        "x_org_slug": x_org_slug,
        "x_pipeline_id": "request_logs.gateway",
        "x_credential_id": "gateway",
        "x_pipeline_run_date": started_at.date(),
        "x_run_id": "run-1",
        "x_ingested_at": at("2026-03-01"),
        "x_ingestion_date": started_at.date(),
        "x_genai_provider": "TOY",
        "x_genai_account_id": "account-1",
    }
    row = row_of("genai_usage_events_raw", values, columns)
    return {name: 0 if value is None and name in EVENT_METERS else value for name, value in row.items()}


def rule_row(x_org_slug: str, scope: str, scope_id: str, dimension: str, value: str) -> dict[str, Any]:
    """A mapping rule that is valid on all days."""
    return row_of(
        "genai_attribution_rules",
        {
            "x_org_slug": x_org_slug,
            "provider": None if scope == "tenant" else "toy",
            "scope": scope,
            "scope_id": scope_id,
            "dimension": dimension,
            "value": value,
            "valid_from": dt.date(2020, 1, 1),
        },
        {},
    )
