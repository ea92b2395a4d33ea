"""What scopes spent by day, read from a warehouse whose rows are known."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.events import EVENT_METERS
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import WantedSpend, daily_spend, other_currencies
from genai_finops.warehouse.spend_drivers import SpendDriver, top_drivers
from genai_finops.warehouse.spend_scope import SpendScope

from .hand_made import DAY, spend_row, warehouse_of

DAY_BEFORE, DAY_AFTER = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
ENGINEERING = "/ACME/DEPT-1/PROJ-1"
#: Amounts are powers of two: a sum tells which rows are in it.
ROWS = [
    spend_row("1", provider="openai", tenant_id="a", model_id="large", x_hierarchy_path=ENGINEERING, tokens=10),
    spend_row("2", provider="openai", tenant_id="b", model_id="small", x_hierarchy_path="/ACME/DEPT-1", tokens=20),
    spend_row("4", provider="toy", tenant_id="a", model_id="large", x_hierarchy_path="/ACME/DEPT-10", tokens=40),
    spend_row("8", provider="toy", flow="commitment", model_id="large"),
    spend_row("16", x_org_slug="globex", tenant_id="a", user_id="ann", task="chat", conversation_id="c-1"),
    spend_row("32", usage_date=DAY_BEFORE, sub_account_id="p-1", x_genai_account_id="acct"),
    spend_row("64", usage_date=DAY_AFTER),
    spend_row("128", currency="EUR", tokens=80),
    spend_row(None, spend_source="requests", tokens=160),
]


def event(request: int, tags: str | None, cost: str | None, **columns: Any) -> dict[str, Any]:
    meters = {**dict.fromkeys(EVENT_METERS, 0), "output": 5}
    usual = {"x_org_slug": "acme", "provider": "toy", "usage_date": DAY, "x_ingestion_date": DAY, "tags": tags}
    priced = {"pricing_status": "priced", "currency": "USD", "list_cost": cost, "contracted_cost": cost}
    return {**usual, **meters, **priced, "event_id": str(request), **columns}


EVENTS = [
    event(1, '{"metadata.team":"red"}', "1"),
    event(2, '{"metadata.team":"red","a":"b"}', "2", model_id="large"),
    event(3, '{"metadata.team":"reddish"}', "4"),
    event(4, '{"other":"red"}', "8"),
    event(5, None, "16"),
    event(6, '{"metadata.team":"red"}', "32", pricing_status="cache_hit"),
    event(7, '{"metadata.team":"red"}', "64", x_org_slug="globex"),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadOnlyWarehouse]:
    path = tmp_path_factory.mktemp("spend") / "warehouse.duckdb"
    with warehouse_of(path, {"genai_budget_spend_daily": ROWS, "genai_usage_events": EVENTS}) as opened:
        yield opened


def wanted(scope: str, measure: str = "effective_cost", **columns: Any) -> WantedSpend:
    currency = None if measure == "tokens" else "USD"
    usual = {"measure": measure, "currency": currency, "since": DAY, "until": DAY_AFTER}
    return WantedSpend(scope=SpendScope.parse(scope), **{**usual, **columns})


SPENT = {
    "": 1 + 2 + 4 + 8 + 16,
    "org=acme": 1 + 2 + 4 + 8,
    "provider=openai": 1 + 2,
    "org=acme,provider=toy": 4 + 8,
    "org=acme,flow=commitment": 8,
    "model=large": 1 + 4 + 8,
    "org=acme,tenant=a": 1 + 4,
    "org=acme,provider=openai,tenant=a": 1,
    "org=globex,user=ann": 16,
    "org=globex,task=chat": 16,
    "org=globex,conversation=c-1": 16,
    "org=acme,hierarchy=DEPT-1": 1 + 2,
    "org=acme,hierarchy=PROJ-1": 1,
    "org=acme,hierarchy=DEPT-1,model=small": 2,
    "org=acme,tag=metadata.team=red": 1 + 2,
    "org=acme,model=large,tag=metadata.team=red": 2,
    "org=acme,tag=other=red": 8,
    "org=globex,tenant=b": None,
}


@pytest.mark.parametrize("scope", SPENT)
def test_a_scope_spends_what_all_its_dimensions_have_in_common(scope: str, warehouse: ReadOnlyWarehouse) -> None:
    found = daily_spend(warehouse, [wanted(scope)])
    amount = SPENT[scope]
    assert found == [{} if amount is None else {DAY: Decimal(amount)}]


def test_many_scopes_are_answered_in_their_order_whatever_their_shapes(warehouse: ReadOnlyWarehouse) -> None:
    scopes = [*SPENT, *reversed(SPENT)]
    found = [spent.get(DAY) for spent in daily_spend(warehouse, [wanted(scope) for scope in scopes])]
    assert found == [SPENT[scope] for scope in scopes]


def test_days_are_half_open_and_each_of_its_own(warehouse: ReadOnlyWarehouse) -> None:
    before = wanted("org=acme", since=DAY_BEFORE, until=DAY_AFTER)
    after = wanted("org=acme", since=DAY, until=DAY_AFTER + dt.timedelta(days=1))
    assert daily_spend(warehouse, [before, after]) == [{DAY_BEFORE: 32, DAY: 15}, {DAY: 15, DAY_AFTER: 64}]


def test_tokens_count_whatever_they_cost_and_in_every_currency(warehouse: ReadOnlyWarehouse) -> None:
    assert daily_spend(warehouse, [wanted("org=acme", "tokens")]) == [{DAY: 10 + 20 + 40 + 80 + 160}]


def test_tokens_of_a_tag_are_those_of_its_requests(warehouse: ReadOnlyWarehouse) -> None:
    assert daily_spend(warehouse, [wanted("org=acme,tag=metadata.team=red", "tokens")]) == [{DAY: 5 + 5}]


def test_other_currencies_are_told_and_never_added(warehouse: ReadOnlyWarehouse) -> None:
    asked = [wanted("org=acme"), wanted("org=acme", "tokens"), wanted("org=globex"), wanted("", currency="EUR")]
    assert other_currencies(warehouse, asked) == [{"EUR": {DAY: 128}}, {}, {}, {"USD": {DAY: 31}}]


def test_sums_are_exact_to_the_last_of_eighteen_decimals(tmp_path: Path) -> None:
    rows = [
        spend_row("12345678901234.000000000000000001", x_hierarchy_path=f"/ACME/DEPT-1/PROJ-{number}")
        for number in range(2)
    ]
    with warehouse_of(tmp_path / "exact.duckdb", {"genai_budget_spend_daily": rows}) as warehouse:
        found = daily_spend(warehouse, [wanted("org=acme,hierarchy=DEPT-1")])
    assert found == [{DAY: Decimal("24691357802468.000000000000000002")}]


def test_the_sums_of_bigquery_are_read_which_have_more_digits(warehouse: ReadOnlyWarehouse) -> None:
    class Wide:
        """Gives decimals as BigQuery's BIGNUMERIC comes over the wire."""

        json_text, has_table, rows = warehouse.json_text, warehouse.has_table, warehouse.rows

        def batches(self, sql: str, parameters: Any = ()) -> Iterator[pa.RecordBatch]:
            for batch in warehouse.batches(sql, parameters):
                wide = batch.column("effective_cost").cast(pa.decimal256(76, 38))
                yield batch.set_column(batch.schema.get_field_index("effective_cost"), "effective_cost", wide)

    assert daily_spend(Wide(), [wanted("org=acme,hierarchy=DEPT-1")]) == [{DAY: Decimal(3)}]


def test_a_warehouse_that_was_never_built_is_told_as_such(tmp_path: Path) -> None:
    with (
        warehouse_of(tmp_path / "empty.duckdb", {}) as warehouse,
        pytest.raises(FinopsError, match="no table genai_budget_spend_daily"),
    ):
        daily_spend(warehouse, [wanted("org=acme")])


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("", [("org globex", 16), ("org acme", 15)]),
        # Most of it has no tenant.
        ("org=acme", [("model large", 13), ("model small", 2)]),
        ("org=acme,provider=openai", [("tenant b", 2), ("tenant a", 1)]),
        ("org=acme,hierarchy=DEPT-1,model=large", [("tenant a", 1)]),
        ("org=acme,tag=metadata.team=red", [("provider toy", 3)]),
        ("org=globex,tenant=b", []),
    ],
)
def test_drivers_are_the_largest_parts_of_what_is_known_best(
    scope: str, expected: list[tuple[str, int]], warehouse: ReadOnlyWarehouse
) -> None:
    found = top_drivers(warehouse, [wanted(scope)])
    assert found == [tuple(SpendDriver(name=name, amount=Decimal(amount)) for name, amount in expected)]


def test_no_more_drivers_are_told_than_are_asked_for(warehouse: ReadOnlyWarehouse) -> None:
    assert [len(drivers) for drivers in top_drivers(warehouse, [wanted("")], count=1)] == [1]


def test_a_tag_and_an_owner_cannot_be_combined() -> None:
    with pytest.raises(FinopsError, match="combined with hierarchy"):
        SpendScope.parse("org=acme,hierarchy=DEPT-1,tag=a=b")
