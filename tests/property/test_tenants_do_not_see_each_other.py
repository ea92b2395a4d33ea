"""Two tenants or organisations of whatever names: neither reads a row of the other, by a view or by a query."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import sqlglot
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from genai_finops.schemas.register import TABLES as SCHEMA
from genai_finops.schemas.table import Column
from genai_finops.warehouse.attribution_costs import costs_by, currency_totals, unattributed_costs
from genai_finops.warehouse.attribution_views import views_of
from genai_finops.warehouse.duckdb import DuckDBWarehouse
from genai_finops.warehouse.tenant_scope import TenantScope

REPOSITORY = Path(__file__).resolve().parents[2]
MACROS = ("dialect/text.sql", "attribution/scoped_views.sql")
DAY = dt.date(2026, 10, 2)
TABLES = ("genai_cost_attribution_daily", "genai_tenant_costs_daily", "genai_user_costs_daily")
HOSTILE = [
    "",
    "'",
    "''",
    "\\",
    "\\'",
    "\\' or true --",
    "' or '1'='1",
    "'; drop table genai_tenant_costs_daily; --",
    "{{ 1 / 0 }}{% raw %}",
    "a/b/../c",
    "null",
    "%",
    "_",
    "\n",
    "a\x00b",
    "\U0001f600",
    "\u00e9\u212b",
    "x" * 10_000,
]

names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))


@st.composite
def name_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two names that differ, often by what an eye or a comparison may overlook."""
    name = draw(names)
    other = draw(
        st.one_of(
            names,
            st.sampled_from([unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)]),
            st.sampled_from(
                [name.upper(), name.casefold(), f"{name} ", f"{name}\n", f"{name}'", f"{name}\x00", name[:-1]]
            ),
        )
    )
    assume(name != other)
    return name, other


def macros(dialect: str) -> Any:
    """The macros as dbt reads them, without what dbt knows of a warehouse."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - it writes SQL
    text = "\n".join((REPOSITORY / "dbt_project" / "macros" / name).read_text(encoding="utf-8") for name in MACROS)
    quote = "`" if dialect == "bigquery" else '"'
    adapter = SimpleNamespace(quote=lambda name: f"{quote}{name}{quote}")
    found: Any = environment.from_string(
        text, globals={"adapter": adapter, "return": lambda value: value, "modules": SimpleNamespace(re=re)}
    ).module
    adapter.dispatch = lambda name, _package: getattr(found, f"{dialect}__{name}")
    return found


DUCKDB_MACROS = macros("duckdb")


def view_statements(scope: TenantScope, written_by: Any = DUCKDB_MACROS) -> dict[str, str]:
    """By table: the statement that makes the scope's view of it."""
    org, tenant = scope.org.encode().hex(), None if scope.tenant is None else scope.tenant.encode().hex()
    return {
        view.source_table: str(written_by.scoped_view_ddl(view.name, view.source_table, view.columns, org, tenant))
        for view in views_of(scope)
    }


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute((REPOSITORY / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
        yield opened


def fill(connection: duckdb.DuckDBPyConnection, costs: dict[TenantScope, int]) -> None:
    """One row for each scope in each table, which costs as much as is given."""
    for table in TABLES:
        columns = [column for column in SCHEMA[table].columns if not column.nullable or column.name == "tenant_id"]
        values = [value_of(column, scope, cost) for scope, cost in costs.items() for column in columns]
        row = f"({', '.join('?' for _ in columns)})"
        named = ", ".join(f'"{column.name}"' for column in columns)
        connection.execute(f"delete from {table}")  # noqa: S608 - names of this file
        connection.execute(f"insert into {table} ({named}) values {', '.join([row] * len(costs))}", values)  # noqa: S608


def value_of(column: Column, scope: TenantScope, cost: int) -> object:
    own = {"x_org_slug": scope.org, "tenant_id": scope.tenant, "currency": "USD"}
    if column.name in own:
        return own[column.name]
    return {"date": DAY, "string": "x", "bool": True}.get(column.type, cost)


def seen_through_views(connection: duckdb.DuckDBPyConnection, scope: TenantScope) -> set[tuple[Any, ...]]:
    """Whose rows the scope's views show, and their cost."""
    views = {view.source_table: view.name for view in views_of(scope)}
    statements = view_statements(scope)
    shown: set[tuple[Any, ...]] = set()
    for table in TABLES:
        connection.execute(statements[table])
        shown.update(
            connection.execute(f"select x_org_slug, tenant_id, effective_cost from {views[table]}").fetchall()  # noqa: S608
        )
        connection.execute(f"drop view {views[table]}")
    return shown


@settings(max_examples=25)
@example(("caf\u00e9", "cafe\u0301"))
@example(("acme", "\u0430cme"))
@example(("'; drop table genai_tenant_costs_daily; --", "x"))
@example(("x" * 10_000, "x" * 9_999))
@given(name_pairs())
def test_a_tenants_views_and_queries_show_its_rows_alone(
    connection: duckdb.DuckDBPyConnection, pair: tuple[str, str]
) -> None:
    mine, other = (TenantScope(org="acme", tenant=name) for name in pair)
    fill(connection, {mine: 1, other: 2, TenantScope(org="acme"): 4, TenantScope(org="globex", tenant=mine.tenant): 8})
    warehouse = DuckDBWarehouse(connection)
    read: list[tuple[Any, ...]] = [
        (row.tenant, row.consumer, row.effective_cost) for row in costs_by(warehouse, mine, "tenant", DAY, DAY)
    ]
    unknown = [row.effective_cost for row in unattributed_costs(warehouse, mine, "user", DAY, DAY)]
    totals = [row.attributed + row.unattributed for row in currency_totals(warehouse, mine, "user", DAY, DAY)]
    assert (seen_through_views(connection, mine), read, unknown, totals) == (
        {("acme", mine.tenant, Decimal(1))},
        [(mine.tenant, mine.tenant, Decimal(1))],
        [Decimal(1)],
        [Decimal(1)],
    )


def test_an_organisations_views_show_all_of_it_and_nothing_else(connection: duckdb.DuckDBPyConnection) -> None:
    fill(
        connection,
        {TenantScope(org="acme", tenant="a"): 1, TenantScope(org="acme"): 2, TenantScope(org="acm", tenant="ea"): 4},
    )
    assert seen_through_views(connection, TenantScope(org="acme")) == {
        ("acme", "a", Decimal(1)),
        ("acme", None, Decimal(2)),
    }


@given(name_pairs())
@example(("b", "ab"))
def test_views_of_two_tenants_never_have_one_name(pair: tuple[str, str]) -> None:
    scopes = [TenantScope(org=org, tenant=name) for org in ("a", "aa") for name in pair]
    found = [view.name for scope in [*scopes, TenantScope(org="a"), TenantScope(org="aa")] for view in views_of(scope)]
    assert (len(set(found)), [name for name in found if not re.fullmatch(r"[a-z_]+_[0-9a-f]{32}", name)]) == (
        len(found),
        [],
    )


BIGQUERY_MACROS = macros("bigquery")


@settings(max_examples=30)
@given(names)
def test_on_bigquery_a_view_compares_with_the_name_and_holds_nothing_else_of_it(name: str) -> None:
    statement = view_statements(TenantScope(org="acme", tenant=name), BIGQUERY_MACROS)["genai_usage_events"]
    [tree] = sqlglot.parse(statement, dialect="bigquery")
    assert isinstance(tree, exp.Create)
    condition = tree.expression.find(exp.Where)
    assert [(equal.this.name, bytes.fromhex(literal_of(equal))) for equal in condition.find_all(exp.EQ)] == [
        ("x_org_slug", b"acme"),
        ("tenant_id", name.encode()),
    ]


def literal_of(equal: exp.EQ) -> str:
    literal = equal.expression.find(exp.Literal)
    assert literal is not None
    return str(literal.this)


@pytest.mark.parametrize("column", ["api_key_id", "sub_account_id", "x_genai_account_id", "log_file", "tags"])
def test_a_tenants_views_do_not_tell_of_the_organisations_accounts(column: str) -> None:
    shown = {name for view in views_of(TenantScope(org="acme", tenant="a")) for name in view.columns}
    assert column not in shown
