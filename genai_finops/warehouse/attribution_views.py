"""The views that show one organisation or tenant its own rows and no others: their names, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from genai_finops.errors import FinopsError
from genai_finops.schemas.register import TABLES
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.tenant_scope import TenantScope

#: Written by the dbt operation that makes the views.
REGISTER = "genai_attribution_views"

#: What a view is called, and the table that its rows are of.
_OF_TENANTS: Mapping[str, str] = {
    "costs": "genai_cost_attribution_daily",
    "tenant_costs": "genai_tenant_costs_daily",
    "user_costs": "genai_user_costs_daily",
    "task_costs": "genai_task_costs_daily",
    "conversation_costs": "genai_conversation_costs_daily",
    "requests": "genai_usage_events",
}
_OF_ORGANISATIONS: Mapping[str, str] = {**_OF_TENANTS, "coverage": "genai_attribution_coverage_daily"}
#: What tells of the organisation rather than of its tenant: accounts, keys, owners, and how the row was made.
_HIDDEN_FROM_TENANTS = frozenset(
    {
        *("sub_account_id", "resource_id", "api_key_id", "tags", "source_id", "log_file", "log_line"),
        *("logged_tenant_id", "logged_user_id", "logged_task", "x_genai_account_id", "x_credential_id"),
        *("x_hierarchy_entity_id", "x_hierarchy_entity_name", "x_hierarchy_level_code", "x_hierarchy_path"),
        *("x_hierarchy_path_names", "x_pipeline_id", "x_pipeline_run_date", "x_run_id", "x_ingested_at"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedView:
    """A view over the rows of one scope in one table, with the columns that it shows."""

    name: str
    scope: TenantScope
    source_table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredView:
    """A view that was made, as the register has it."""

    view_schema: str
    view_name: str
    source_table: str
    org: str
    tenant: str | None


def views_of(scope: TenantScope) -> tuple[ScopedView, ...]:
    """The views of a scope. Their names hold nothing of its name but a digest."""
    sources = _OF_ORGANISATIONS if scope.tenant is None else _OF_TENANTS
    hidden = frozenset[str]() if scope.tenant is None else _HIDDEN_FROM_TENANTS
    return tuple(
        ScopedView(
            name=f"genai_{noun}_of_{scope.kind}_{scope.digest}",
            scope=scope,
            source_table=table,
            columns=tuple(column.name for column in TABLES[table].columns if column.name not in hidden),
        )
        for noun, table in sources.items()
    )


def known_tenants(warehouse: ReadOnlyWarehouse, org: str) -> tuple[str, ...]:
    """The tenants that the organisation ever had cost of, by name. Raises FinopsError where a table is missing."""
    for table in _OF_ORGANISATIONS.values():
        if not warehouse.has_table(table):
            raise FinopsError(
                f"The warehouse has no table {table}",
                remedy="Ingest usage and request logs, and run `genai-finops transform` first",
            )
    sql = """
        select distinct tenant_id
        from genai_tenant_costs_daily
        where x_org_slug = ? and tenant_id is not null
        order by tenant_id
    """
    return tuple(tenant for (tenant,) in warehouse.rows(sql, [org]))


def registered_views(warehouse: ReadOnlyWarehouse, org: str) -> tuple[RegisteredView, ...]:
    """The views that were made for the organisation and its tenants; its own first, then by tenant."""
    if not warehouse.has_table(REGISTER):
        return ()
    sql = f"""
        select view_schema, view_name, source_table, x_org_slug, tenant_id
        from {REGISTER}
        where x_org_slug = ?
        order by case when tenant_id is null then 0 else 1 end, tenant_id, view_name
    """  # noqa: S608 - a name of this file
    return tuple(
        RegisteredView(view_schema=schema, view_name=name, source_table=table, org=slug, tenant=tenant)
        for schema, name, table, slug, tenant in warehouse.rows(sql, [org])
    )
