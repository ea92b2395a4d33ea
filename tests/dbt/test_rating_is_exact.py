"""Rating against amounts multiplied by hand.

A dbt unit test casts what it expects to the type of the model, so a model that rounds would pass it. Here Decimals that
were read from the warehouse are compared.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from genai_finops.transform import dbt_build

CASES = yaml.safe_load((Path(__file__).parent / "rating_cases.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rated(module_toy_lake: Any, toy: Any) -> dict[str, dict[str, Any]]:
    """Rows of genai_payg_costs_daily by case."""
    usage, reference = toy.rating_rows(CASES)
    module_toy_lake.write_reference(**reference)
    module_toy_lake.land(usage)
    dbt_build(module_toy_lake.settings, window=None, select=["+genai_payg_costs_daily"])
    columns = [name for (name, *_) in toy.query(module_toy_lake.settings, "describe genai_payg_costs_daily")]
    rows = toy.query(module_toy_lake.settings, "select * from genai_payg_costs_daily")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["api_key_id"]: row for row in named}


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["id"] for case in CASES["cases"]])
def test_a_row_costs_what_was_multiplied_by_hand(case: dict[str, Any], rated: dict[str, dict[str, Any]]) -> None:
    row = rated[case["id"]]
    actual = {name: row[name] for name in case["expect"]}
    amounts = {"list_unit_price", "pricing_quantity", *(name for name in row if name.endswith(("cost", "bound")))}
    expected = {
        name: Decimal(value) if name in amounts and value is not None else value
        for name, value in case["expect"].items()
    }
    assert actual == expected


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["id"] for case in CASES["cases"]])
def test_a_reason_is_given_exactly_where_a_row_is_not_simply_priced(
    case: dict[str, Any], rated: dict[str, dict[str, Any]]
) -> None:
    assert rated[case["id"]]["pricing_reason"] == case["expect"].get("pricing_reason")


def test_every_billable_row_of_usage_has_one_cost_row(rated: dict[str, dict[str, Any]]) -> None:
    assert rated.keys() == {case["id"] for case in CASES["cases"]}


def test_money_columns_keep_their_decimals(module_toy_lake: Any, toy: Any, rated: dict[str, Any]) -> None:
    types = {name: kind for name, kind, *_ in toy.query(module_toy_lake.settings, "describe genai_payg_costs_daily")}
    assert (types["pricing_quantity"], types["list_unit_price"], types["list_cost"]) == (
        "DECIMAL(26,6)",
        "DECIMAL(24,12)",
        "DECIMAL(38,18)",
    )
