"""Makes the views that show one organisation or tenant its own rows; dbt writes them, as it writes all."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.operation import run_operation
from genai_finops.warehouse.attribution_views import ScopedView, known_tenants, registered_views, views_of
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.tenant_scope import TenantScope

#: Names the schema (BigQuery: dataset) of the views, where it is not that of the tables.
SCHEMA_VARIABLE = "GENAI_FINOPS_ATTRIBUTION_VIEWS_SCHEMA"
_VIEW_NAME = r"genai_[a-z_]+_of_(?:org|tenant)_[0-9a-f]{32}"
_SCHEMA_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewChanges:
    """The views that were made or made anew, and the names of those that are gone."""

    built: tuple[ScopedView, ...]
    dropped: tuple[str, ...]
    schema: str


def build_attribution_views(
    settings: Settings, org: str, *, tenants: Sequence[str] = (), now: dt.datetime, lock_timeout_seconds: float = 600
) -> ViewChanges:
    """Make the views of the organisation and of all its tenants, and drop those of tenants that it no longer has; with
    tenants, make theirs alone and drop none.

    Raises FinopsError when a table was never built, a name is none, dbt fails, or the warehouse is busy for longer than
    the timeout.
    """
    schema = _schema(settings)
    # Closed before dbt opens it.
    with open_warehouse(settings) as warehouse:
        known = known_tenants(warehouse, org)
        registered = registered_views(warehouse, org)
    scopes = [TenantScope(org=org, tenant=tenant) for tenant in dict.fromkeys(tenants or known)]
    views = [view for scope in (scopes if tenants else [TenantScope(org=org), *scopes]) for view in views_of(scope)]
    names = {view.name for view in views}
    gone = [
        {"schema": view.view_schema, "name": view.view_name}
        for view in registered
        if not tenants and (view.view_schema != schema or view.view_name not in names)
    ]
    _check_names(gone)
    arguments = _arguments(views, gone, schema, now)
    run_operation(settings, "build_scoped_views", arguments, lock_timeout_seconds=lock_timeout_seconds)
    return ViewChanges(built=tuple(views), dropped=tuple(view["name"] for view in gone), schema=schema)


def _schema(settings: Settings) -> str:
    tables = "main"
    if settings.target == "bigquery":
        tables = settings.environ.get("GENAI_FINOPS_BIGQUERY_DATASET", "genai_finops")
    schema = settings.environ.get(SCHEMA_VARIABLE) or tables
    if not re.fullmatch(_SCHEMA_NAME, schema):
        raise FinopsError(
            f"{SCHEMA_VARIABLE} is {schema!r}, no name of a schema", remedy="Use letters, digits and underscores."
        )
    return schema


def _check_names(gone: Sequence[dict[str, str]]) -> None:
    """What is dropped is read from a table, and a name that we never gave is not dropped."""
    for view in gone:
        if not re.fullmatch(_VIEW_NAME, view["name"]) or not re.fullmatch(_SCHEMA_NAME, view["schema"]):
            raise FinopsError(
                f"genai_attribution_views names {view['schema']!r}.{view['name']!r}, which is no view of ours",
                remedy="Delete that row.",
            )


def _arguments(
    views: Sequence[ScopedView], gone: Sequence[dict[str, str]], schema: str, now: dt.datetime
) -> dict[str, Any]:
    columns: dict[str, dict[str, list[str]]] = {"org": {}, "tenant": {}}
    for view in views:
        columns[view.scope.kind][view.source_table] = list(view.columns)
    return {
        "views": [
            {
                "name": view.name,
                "table": view.source_table,
                "org": view.scope.org.encode().hex(),
                "tenant": None if view.scope.tenant is None else view.scope.tenant.encode().hex(),
            }
            for view in views
        ],
        "columns": columns,
        "gone": list(gone),
        "schema": schema,
        "built_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
    }
