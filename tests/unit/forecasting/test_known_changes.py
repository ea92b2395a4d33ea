"""Changes that are known before, weighed by what a scope spends on them."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genai_finops.forecasting.forecast import KnownChange
from genai_finops.forecasting.known_changes import ChangedScope, known_changes
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.duckdb import open_duckdb
from genai_finops.warehouse.spend_scope import SpendScope

TODAY = dt.date(2026, 6, 15)
YESTERDAY = TODAY - dt.timedelta(days=1)
DEARER_FROM, ENDS_ON, STARTS_ON = dt.date(2026, 6, 20), dt.date(2026, 6, 22), dt.date(2026, 6, 25)
UNTIL = dt.date(2026, 7, 1)


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def price(pricing_id: str, model: str, amount: str, since: dt.date, until: dt.date | None) -> dict[str, Any]:
    return {
        "pricing_id": pricing_id,
        "provider": "openai",
        "model_id": model,
        "meter": "output",
        "service_tier": "standard",
        "geography": "global",
        "pricing_type": "standard",
        "currency": "USD",
        "unit_price": amount,
        "valid_from": since,
        "valid_to": until,
    }


def cost(amount: str, **columns: Any) -> dict[str, Any]:
    usual = {"x_ingestion_date": YESTERDAY, "usage_date": YESTERDAY, "x_org_slug": "acme", "currency": "USD"}
    costs = dict.fromkeys(("list_cost", "effective_cost", "billed_cost"), amount)
    return {**usual, "x_genai_account_id": "a-1", **costs, **columns}


def rated(amount: str, pricing_id: str, model: str = "large") -> dict[str, Any]:
    return cost(amount, provider="openai", model_id=model, pricing_id=pricing_id, contracted_pricing_id=pricing_id)


def commitment(name: str, start: dt.date, end: dt.date, **columns: Any) -> dict[str, Any]:
    return {
        "x_OrgSlug": "acme",
        "x_GenaiProvider": "GCP_VERTEX",
        "x_GenaiAccountId": "a-1",
        "ContractCommitmentId": name,
        "BillingCurrency": "USD",
        "ContractCommitmentCost": "300",
        "ContractCommitmentPeriodStart": midnight(start),
        "ContractCommitmentPeriodEnd": midnight(end),
        "x_IsRenewed": False,
        "x_Payment": "monthly",
        **columns,
    }


LONG_AGO = dt.date(2020, 1, 1)
ROWS = {
    "genai_payg_pricing": [
        price("now", "large", "2", LONG_AGO, DEARER_FROM),
        price("later", "large", "3", DEARER_FROM, None),
        price("small", "small", "1", LONG_AGO, None),
        price("cached", "large", "1", LONG_AGO, None) | {"meter": "cache_read"},
    ],
    # Half of the large model's cost is of the rate that rises.
    "genai_payg_costs_daily": [rated("100", "now"), rated("100", "cached"), rated("200", "small", "small")],
    "genai_commitment_costs_daily": [
        cost("30", provider="gcp_vertex", commitment_id="ending"),
        cost("10", provider="gcp_vertex", commitment_id="renewed"),
    ],
    "contract_commitment_1_3": [
        commitment("ending", LONG_AGO, ENDS_ON),
        commitment("renewed", LONG_AGO, ENDS_ON, x_IsRenewed=True),
        commitment("starting", STARTS_ON, STARTS_ON + dt.timedelta(days=30)),
    ],
    "genai_budget_spend_daily": [
        cost("200", provider="openai", flow="payg", model_id="large", tenant_id="a"),
        cost("200", provider="openai", flow="payg", model_id="small", tenant_id="b"),
        cost("40", provider="gcp_vertex", flow="commitment", tenant_id="c"),
        cost("7", provider="openai", flow="payg", model_id="large", x_org_slug="globex"),
    ],
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadOnlyWarehouse]:
    path = Path(tmp_path_factory.mktemp("changes"), "warehouse.duckdb")
    with duckdb.connect(str(path)) as connection:
        for name, rows in ROWS.items():
            columns = ", ".join(f'"{column.name}" {TYPES[column.type].duckdb}' for column in TABLES[name].columns)
            connection.execute(f"create table {name} ({columns})")
            for row in rows:
                marks = ", ".join("?" for _ in row)
                into = f"insert into {name} ({', '.join(row)})"
                connection.execute(f"{into} values ({marks})", list(row.values()))
    with open_duckdb(path) as opened:
        yield opened


def changes_of(warehouse: ReadOnlyWarehouse, scope: str, *, measure: Any = "effective_cost") -> tuple[KnownChange, ...]:
    wanted = ChangedScope(
        scope=SpendScope.parse(scope), measure=measure, currency=None if measure == "tokens" else "USD"
    )
    (found,) = known_changes(warehouse, [wanted], today=TODAY, until=UNTIL)
    return found


def test_price_changes_a_scope_by_its_share_of_the_rate(warehouse: ReadOnlyWarehouse) -> None:
    # Half of the spend is on the model, half of that at the rate, which rises by half.
    (change,) = changes_of(warehouse, "org=acme,provider=openai")

    assert (change.day, change.factor, change.amount_per_day) == (DEARER_FROM, Decimal("1.125"), 0)
    assert "large" in change.reason


@pytest.mark.parametrize("scope", ["org=acme,model=small", "org=acme,tenant=b", "org=globex"])
def test_scope_without_that_spend_is_not_changed(warehouse: ReadOnlyWarehouse, scope: str) -> None:
    assert changes_of(warehouse, scope) == ()


def test_tokens_have_no_price(warehouse: ReadOnlyWarehouse) -> None:
    assert changes_of(warehouse, "org=acme", measure="tokens") == ()


def test_commitments_end_and_start_for_the_account_but_those_renewed_go_on(warehouse: ReadOnlyWarehouse) -> None:
    found = changes_of(warehouse, "org=acme,provider=gcp_vertex")

    assert [(change.day, change.amount_per_day) for change in found] == [
        (ENDS_ON, Decimal(-30)),
        (STARTS_ON, Decimal(10)),
    ]


def test_what_only_starts_belongs_to_no_tenant_yet(warehouse: ReadOnlyWarehouse) -> None:
    assert [change.amount_per_day for change in changes_of(warehouse, "org=acme,tenant=c")] == [Decimal(-30)]


def test_bill_by_the_month_is_not_spread_over_days(warehouse: ReadOnlyWarehouse) -> None:
    assert changes_of(warehouse, "org=acme,provider=gcp_vertex", measure="billed_cost") == ()


def test_what_happens_after_the_period_is_not_asked_for(warehouse: ReadOnlyWarehouse) -> None:
    wanted = ChangedScope(scope=SpendScope.parse("org=acme"), measure="effective_cost", currency="USD")

    assert known_changes(warehouse, [wanted], today=TODAY, until=DEARER_FROM) == [()]
