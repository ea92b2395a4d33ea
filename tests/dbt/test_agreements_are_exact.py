"""Negotiated prices, discounts, promotions, allowances and volume tiers against amounts multiplied by hand."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from genai_finops.transform import dbt_build

CASES = yaml.safe_load((Path(__file__).parent / "agreement_cases.yml").read_text(encoding="utf-8"))
COSTS = "genai_payg_costs_daily"


def account_row(x_org_slug: str, account_id: str, *, is_free_tier: bool) -> dict[str, Any]:
    return {
        "x_org_slug": x_org_slug,
        "provider": "toy",
        "account_id": account_id,
        "account_name": account_id,
        "is_free_tier": is_free_tier,
        "is_enabled": True,
    }


@pytest.fixture(scope="module")
def built(module_toy_lake: Any, toy: Any) -> Any:
    """The lake of the cases, its costs built at once."""
    usage, reference = toy.rating_rows(CASES)
    reference["genai_provider_accounts"] = [account_row(**account) for account in CASES["accounts"]]
    module_toy_lake.write_reference(**reference)
    module_toy_lake.land(usage)
    dbt_build(module_toy_lake.settings, window=None, select=[f"+{COSTS}"])
    return module_toy_lake


def rows_by_case(lake: Any, toy: Any) -> dict[str, dict[str, Any]]:
    columns = [name for (name, *_) in toy.query(lake.settings, f"describe {COSTS}")]
    rows = toy.query(lake.settings, f"select * from {COSTS}")  # noqa: S608 - a table of ours
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["api_key_id"]: row for row in named}


@pytest.fixture(scope="module")
def rated(built: Any, toy: Any) -> dict[str, dict[str, Any]]:
    """Rows of genai_payg_costs_daily by case."""
    return rows_by_case(built, toy)


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["id"] for case in CASES["cases"]])
def test_a_row_costs_what_was_multiplied_by_hand(case: dict[str, Any], rated: dict[str, dict[str, Any]]) -> None:
    row = rated[case["id"]]
    actual = {name: row[name] for name in case["expect"]}
    amounts = {name for name in row if name.endswith(("cost", "bound", "unit_price", "quantity"))}
    expected = {
        name: Decimal(value) if name in amounts and value is not None else value
        for name, value in case["expect"].items()
    }
    assert actual == expected


@pytest.mark.parametrize("day", [dt.date(2026, 10, 3), dt.date(2026, 11, 1)])
def test_a_day_that_is_built_alone_counts_what_was_used_before_it(
    day: dt.date, built: Any, rated: dict[str, dict[str, Any]], toy: Any
) -> None:
    dbt_build(built.settings, window=(day, day + dt.timedelta(days=1)), select=[COSTS])

    again = rows_by_case(built, toy)
    assert {case: row["effective_cost"] for case, row in again.items()} == {
        case: row["effective_cost"] for case, row in rated.items()
    }
