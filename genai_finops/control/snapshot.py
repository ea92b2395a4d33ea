"""The control database as dbt sees it: one frame per table, ordered by grain, without credentials."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from genai_finops.control.hierarchy import entity_paths
from genai_finops.control.hierarchy_store import stored_assignments, stored_entities
from genai_finops.control.models import Organisation
from genai_finops.control.organisations import list_accounts, list_organisations
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.control import (
    HIERARCHY_ASSIGNMENTS,
    HIERARCHY_ENTITIES,
    ORGANISATIONS,
    PROVIDER_ACCOUNTS,
)
from genai_finops.schemas.types import TYPES


def control_snapshot(session: Session) -> dict[str, pl.DataFrame]:
    """The frames by table name, typed as `schemas.tables.control` says. Equal content gives equal frames."""
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
    }


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
