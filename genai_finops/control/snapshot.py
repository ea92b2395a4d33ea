"""The control database as dbt sees it: one frame per table, ordered by grain, without credentials."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.attribution_rule_store import list_rules, stored_rule
from genai_finops.control.hierarchy import entity_paths
from genai_finops.control.hierarchy_store import stored_assignments, stored_entities
from genai_finops.control.models import CapacityPrice, Organisation, PriceEntry
from genai_finops.control.organisations import list_accounts, list_organisations
from genai_finops.schemas.price_priorities import PRIORITIES
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.attribution import ATTRIBUTION_RULES
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.tables.control import (
    HIERARCHY_ASSIGNMENTS,
    HIERARCHY_ENTITIES,
    ORGANISATIONS,
    PROVIDER_ACCOUNTS,
)
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.types import TYPES


def control_snapshot(session: Session) -> dict[str, pl.DataFrame]:
    """The frames by table name, typed as `schemas.tables` says. Equal content gives equal frames."""
    organisations = list_organisations(session)
    return {
        ORGANISATIONS.name: _frame(ORGANISATIONS, map(_organisation, organisations)),
        PROVIDER_ACCOUNTS.name: _frame(PROVIDER_ACCOUNTS, _accounts(session)),
        HIERARCHY_ENTITIES.name: _frame(
            HIERARCHY_ENTITIES, (row for org in organisations for row in _entities(session, org))
        ),
        HIERARCHY_ASSIGNMENTS.name: _frame(
            HIERARCHY_ASSIGNMENTS, (row for org in organisations for row in _assignments(session, org))
        ),
        ATTRIBUTION_RULES.name: _frame(ATTRIBUTION_RULES, _attribution_rules(session)),
    }


def price_entries_frame(session: Session) -> pl.DataFrame:
    """All that people ever entered, and the organisations' copies of the defaults, in the shape of `genai_price_book`.

    An entry that was removed is known until then. Copies that say what the platform's defaults say are there too.
    """
    entries = session.scalars(
        select(PriceEntry).where(PriceEntry.removed_at.is_(None) | (PriceEntry.removed_at > PriceEntry.entered_at))
    )
    return _frame(PRICE_BOOK, map(_price, entries))


def capacity_price_entries_frame(session: Session) -> pl.DataFrame:
    """All prices of capacity and accelerators that organisations ever entered, in the shape of
    `genai_capacity_price_book`: sources `organisation` and `account`. One that was removed is known until then.
    """
    entries = session.scalars(
        select(CapacityPrice).where(
            CapacityPrice.removed_at.is_(None) | (CapacityPrice.removed_at > CapacityPrice.entered_at)
        )
    )
    return _frame(CAPACITY_PRICE_BOOK, map(_capacity_price, entries))


def _frame(table: Table, rows: Any) -> pl.DataFrame:
    schema = {column.name: TYPES[column.type].polars for column in table.columns}
    # Databases collate differently: the order is made here.
    return pl.DataFrame(list(rows), schema=schema, orient="row").sort(table.grain)


def _organisation(row: Organisation) -> dict[str, Any]:
    return {
        "x_org_slug": row.slug,
        "org_name": row.name,
        "currency": row.currency,
        "is_enabled": row.is_enabled,
        "created_at": row.created_at,
    }


def _accounts(session: Session) -> Iterator[dict[str, Any]]:
    for row in list_accounts(session):
        yield {
            "x_org_slug": row.org_slug,
            "provider": row.provider,
            "account_id": row.account_id,
            "account_name": row.name,
            "is_free_tier": row.is_free_tier,
            "is_enabled": row.is_enabled,
        }


def _entities(session: Session, org: Organisation) -> Iterator[dict[str, Any]]:
    entities = stored_entities(session, org.slug)
    paths = entity_paths(org.slug, org.name, entities)
    for entity in entities.values():
        yield {
            "x_org_slug": org.slug,
            "entity_id": entity.entity_id,
            "entity_name": entity.name,
            "level_code": entity.level_code,
            "parent_entity_id": entity.parent_entity_id,
            "owner": entity.owner,
            **dataclasses.asdict(paths[entity.entity_id]),
        }


def _assignments(session: Session, org: Organisation) -> Iterator[dict[str, Any]]:
    for assignment in stored_assignments(session, org.slug):
        yield {"x_org_slug": org.slug, **dataclasses.asdict(assignment)}


def _attribution_rules(session: Session) -> Iterator[dict[str, Any]]:
    for row in list_rules(session):
        values = dataclasses.asdict(stored_rule(row))
        yield {"x_org_slug": values.pop("org"), **values}


def _price(row: PriceEntry) -> dict[str, Any]:
    source = row.scope if row.is_custom else "organisation_defaults"
    return {
        "provider": row.provider,
        # The rules that recognise models read lower-case spellings.
        "model_id": None if row.model is None else row.model.lower(),
        "meter": row.meter,
        "service_tier": row.service_tier,
        "geography": row.geography,
        "context_tokens_above": row.context_tokens_above,
        "context_tokens_up_to": row.context_tokens_up_to,
        "variant": row.variant,
        "x_org_slug": row.org_slug,
        "x_genai_account_id": row.account_id,
        "pricing_type": row.pricing_type,
        "volume_threshold_tokens": row.volume_threshold_tokens,
        "model_name": None,
        "currency": row.currency,
        "unit_price": row.unit_price,
        "discount_percentage": row.discount_percentage,
        "discount_reason": row.discount_reason,
        "free_tier_quantity": row.free_tier_quantity,
        "free_tier_reset_frequency": row.free_tier_reset_frequency,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "source": source,
        "source_version": row.default_version or str(row.id),
        "source_reference": row.default_id or f"entry {row.id}",
        "retrieved_at": row.entered_at,
        "priority": PRIORITIES[source],
        "is_custom": row.is_custom,
        "known_from": row.entered_at,
        "known_to": row.removed_at,
    }


def _capacity_price(row: CapacityPrice) -> dict[str, Any]:
    source = "organisation" if row.account_id is None else "account"
    return {
        "provider": row.provider,
        "meter": row.meter,
        "model_id": row.model,
        "variant": row.variant,
        "workload": row.workload,
        "scope": row.scope,
        "region_id": row.region,
        "purchase_option": row.purchase_option,
        "term": row.term,
        "payment": row.payment,
        "x_org_slug": row.org_slug,
        "x_genai_account_id": row.account_id,
        "price_period": row.price_period,
        "unit_price": row.unit_price,
        "currency": row.currency,
        "confidence": "confirmed",
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "source": source,
        "source_version": str(row.id),
        "source_reference": f"entry {row.id}",
        "retrieved_at": row.entered_at,
        "priority": PRIORITIES[source],
        "is_custom": True,
        "note": row.note,
        "known_from": row.entered_at,
        "known_to": row.removed_at,
    }
