"""Views of organisations and tenants, as dbt makes, replaces and drops them."""

import dataclasses
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.attribution_views import build_attribution_views
from genai_finops.warehouse.attribution_views import views_of
from genai_finops.warehouse.tenant_scope import TenantScope

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
HOSTILE = (
    "'; drop table genai_tenant_costs_daily; --",
    "a\\'/\n\x00\U0001f600{{ 1 / 0 }}",
    "caf\u00e9",
    "cafe\u0301",
    "x" * 10_000,
)
#: Tables of which a row needs little to be one.
TABLE = "genai_tenant_costs_daily"


def with_macros_alone(settings: Settings, folder: Path) -> Settings:
    """The settings with a project that has what the operation needs, which dbt parses in a third of the time."""
    for name in ("dialect", "types", "attribution"):
        shutil.copytree(REPOSITORY / "dbt_project" / "macros" / name, folder / "macros" / name)
    shutil.copy(REPOSITORY / "dbt_project" / "profiles.yml", folder)
    project = yaml.safe_load((REPOSITORY / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    for key in ("models", "data_tests"):
        del project[key]
    (folder / "dbt_project.yml").write_text(yaml.safe_dump({**project, "seed-paths": ["seeds"]}), encoding="utf-8")
    return dataclasses.replace(settings, dbt_project_dir=folder, seeds_dir=folder / "seeds")


def add_costs(path: Path, org: str, tenants: tuple[str | None, ...]) -> None:
    """One row of a cost for each tenant."""
    with duckdb.connect(str(path)) as connection:
        for tenant in tenants:
            connection.execute(
                f"""
                insert into {TABLE} by name
                select
                    date '2026-10-02' as usage_date, 'openai' as provider, ? as tenant_id, 'USD' as currency,
                    1 as list_cost, 1 as contracted_cost, 1 as effective_cost, 1 as billed_cost, 1 as input_cost,
                    0 as output_cost, 0 as other_cost, 1 as input_tokens, 0 as output_tokens, 1 as measured_cost,
                    1 as requests, ? as x_org_slug, 'OPENAI' as x_genai_provider, date '2026-10-02' as x_ingestion_date
                """,
                [tenant, org],
            )


def tenants_shown(settings: Any, toy: Any) -> dict[str, list[Any]]:
    """By view over that table: the tenants of its rows."""
    names = [name for (name,) in toy.query(settings, "select view_name from duckdb_views() where not internal")]
    return {
        name: sorted(toy.query(settings, f"select x_org_slug, tenant_id from {name}"), key=repr)  # noqa: S608 - ours
        for name in names
        if name.startswith("genai_tenant_costs_of")
    }


def own_rows(org: str, tenants: tuple[str, ...]) -> dict[str, list[Any]]:
    """What the views should show."""
    scopes = {TenantScope(org=org, tenant=tenant): [(org, tenant)] for tenant in tenants}
    return {view.name: rows for scope, rows in scopes.items() for view in views_of(scope) if view.source_table == TABLE}


@pytest.mark.slow
def test_views_show_own_rows_are_replaced_and_vanish(toy_lake: Any, toy: Any, tmp_path: Path) -> None:
    settings = with_macros_alone(toy_lake.settings, tmp_path / "project")
    settings.home.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute((REPOSITORY / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
    add_costs(settings.warehouse_path, "acme", (*HOSTILE, None))
    add_costs(settings.warehouse_path, "globex", HOSTILE)
    of_globex = own_rows("globex", HOSTILE[:1])
    whole = views_of(TenantScope(org="acme"))[1].name
    build_attribution_views(settings, "globex", tenants=HOSTILE[:1], now=NOW)
    build_attribution_views(settings, "acme", now=NOW)
    everyone = sorted([("acme", tenant) for tenant in (*HOSTILE, None)], key=repr)
    assert tenants_shown(settings, toy) == {whole: everyone, **own_rows("acme", HOSTILE), **of_globex}

    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(f"delete from {TABLE} where tenant_id <> ?", [HOSTILE[0]])  # noqa: S608 - as above
    changes = build_attribution_views(settings, "acme", now=NOW)
    remaining = own_rows("acme", HOSTILE[:1])
    assert len(changes.dropped) == 6 * (len(HOSTILE) - 1)
    assert tenants_shown(settings, toy) == {whole: [("acme", HOSTILE[0]), ("acme", None)], **remaining, **of_globex}
    registered = toy.query(settings, "select view_name, x_org_slug, tenant_id from genai_attribution_views")
    made = {view.name for tenant in (None, HOSTILE[0]) for view in views_of(TenantScope(org="acme", tenant=tenant))}
    assert {row[0]: row[1:] for row in registered if row[1] == "acme"} == {
        name: ("acme", HOSTILE[0] if "_of_tenant_" in name else None) for name in made
    }


def test_a_warehouse_without_attribution_is_refused(toy_lake: Any) -> None:
    toy_lake.settings.home.mkdir(parents=True)
    duckdb.connect(str(toy_lake.settings.warehouse_path)).close()
    with pytest.raises(FinopsError, match="genai-finops transform"):
        build_attribution_views(toy_lake.settings, "acme", now=NOW)
