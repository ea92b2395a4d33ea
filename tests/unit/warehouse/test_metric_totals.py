"""Totals for the metrics: days at the borders, statuses, and which way a difference points."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from genai_finops.warehouse.duckdb import open_duckdb
from genai_finops.warehouse.metric_totals import (
    provider_costs,
    provider_differences,
    provider_pricing,
    provider_tokens,
)

FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 5)
_TABLES = """
    create table genai_budget_spend_daily as
    select day::date as usage_date, 'acme' as x_org_slug, 'openai' as provider, currency,
        cost::decimal(38, 18) as effective_cost, 10::decimal(38, 6) as tokens
    from (values ('2026-10-31', 'USD', 1), ('2026-11-01', 'USD', 2), ('2026-11-05', 'USD', 4), ('2026-11-06', 'USD', 8),
        ('2026-11-02', 'EUR', 16), ('2026-11-02', null, null)) as rows(day, currency, cost);
    create table genai_costs_daily_unified as
    select date '2026-11-02' as usage_date, 'openai' as provider, 'USD' as currency, status as pricing_status,
        cost::decimal(38, 18) as effective_cost
    from (values ('priced', 5), ('estimated', 2), ('unpriced', null)) as rows(status, cost);
    create table cost_data_standard_1_3 as
    select date '2026-11-02' as "x_IngestionDate", name as "x_GenaiProvider", 'USD' as "BillingCurrency",
        cost::decimal(38, 18) as "EffectiveCost"
    from (values ('OPENAI', 4), ('GEMINI', 1)) as rows(name, cost);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(_TABLES)
    return tmp_path / "warehouse.duckdb"


def test_costs_are_of_the_days_alone_and_by_currency(path: Path) -> None:
    with open_duckdb(path) as warehouse:
        found = {row.currency: row.cost for row in provider_costs(warehouse, FIRST, LAST)}
    assert found == {"EUR": 16, "USD": 6}


def test_tokens_are_of_all_days_with_those_that_have_no_price(path: Path) -> None:
    with open_duckdb(path) as warehouse:
        assert [row.tokens for row in provider_tokens(warehouse)] == [60]


def test_rows_without_a_price_and_with_an_estimated_one_are_told_apart(path: Path) -> None:
    with open_duckdb(path) as warehouse:
        [found] = provider_pricing(warehouse, FIRST, LAST)
    assert (found.rows, found.unpriced_rows, found.estimated_rows) == (3, 1, 1)


def test_what_was_lost_is_positive_and_what_nothing_explains_is_negative(path: Path) -> None:
    with open_duckdb(path) as warehouse:
        found = {row.provider: row.difference for row in provider_differences(warehouse, FIRST, LAST)}
    assert found == {"openai": Decimal(3), "gemini": Decimal(-1)}
