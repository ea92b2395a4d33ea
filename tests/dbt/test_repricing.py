"""A changed rate marks the days and models that it touches, and repricing leaves what a full build leaves."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from genai_finops.defs.repricing import repriced_costs
from genai_finops.defs.resources import default_resources
from genai_finops.transform import dbt_build
from genai_finops.transform.reprice import build_repricing_queue

DAYS = [dt.date(2026, 10, day) for day in range(1, 7)]
FOURTH = DAYS[3]
MODELS = ("untouched", "raised", "announced", "removed", "restated", "allowed", "bounded")
COSTS = ("genai_payg_costs_daily", "genai_costs_daily_unified", "cost_data_standard_1_3")


def usage(toy: Any) -> list[dict[str, Any]]:
    """A million tokens of each model, day and account."""
    return [
        toy.usage_row(
            day,
            meter="input" if model == "bounded" else "uncached_input",
            provider_model_id=model,
            api_key_id=f"key-{number}",
            x_genai_account_id=f"account-{number}",
        )
        for day in DAYS
        for model in (*MODELS, "unknown at first")
        for number in (1, 2)
    ]


def reference(toy: Any, prices: list[dict[str, Any]], models: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    aliases = [toy.alias_row(rank, f"^{model}$", model) for rank, model in enumerate(models)]
    return {"genai_price_book": prices, "genai_model_alias_rules": aliases}


def prices_before(toy: Any) -> list[dict[str, Any]]:
    """Two dollars for each model; of one it is not known how much of its input was read from a cache."""
    priced = [toy.price_row("2", model_id=model) for model in MODELS if model != "announced"]
    return [*priced, toy.price_row("1", meter="cache_read", model_id="bounded")]


def prices_after(toy: Any) -> list[dict[str, Any]]:
    """All of it said anew: what is not named below costs what it cost."""
    said = {row["model_id"]: row for row in prices_before(toy)[:-1]} | {"announced": toy.price_row("9")}
    del said["removed"]
    revised: Mapping[str, list[dict[str, Any]]] = {
        "untouched": [{}],
        "raised": [{"valid_to": FOURTH}, {"valid_from": FOURTH, "unit_price": Decimal(3)}],
        "announced": [{"model_id": "announced", "valid_from": DAYS[5]}],
        # Another version of another source, at the same price.
        "restated": [{"source": "litellm", "source_version": "2", "priority": 70}],
        "allowed": [{}],
        "bounded": [{}],
    }
    rows = [said[model] | change for model, changes in revised.items() for change in changes]
    free = toy.agreed_row(
        None,
        model_id="allowed",
        pricing_type="free_tier",
        free_tier_quantity="2500000",
        free_tier_reset_frequency="monthly",
        valid_from=DAYS[2],
        x_genai_account_id="account-1",
    )
    # Nothing is left to estimate where the cache costs what the rest costs.
    bound = toy.price_row("2", meter="cache_read", model_id="bounded")
    return [*rows, free, bound, toy.price_row("2", model_id="found")]


@pytest.fixture(scope="module")
def repriced(module_toy_lake: Any, toy: Any) -> SimpleNamespace:
    """The queue before and after prices changed, what the asset said, and the tables that it and a full build leave."""
    settings = module_toy_lake.settings
    module_toy_lake.land(usage(toy))
    module_toy_lake.write_reference(**reference(toy, prices_before(toy), MODELS))
    dbt_build(settings, window=None)
    build_repricing_queue(settings, with_prices=True)
    quiet = toy.query(settings, "select * from genai_repricing_queue")
    known = reference(toy, prices_after(toy), MODELS)
    known["genai_model_alias_rules"].append(toy.alias_row(50, "^unknown at first$", "found"))
    module_toy_lake.write_reference(**known)
    build_repricing_queue(settings, with_prices=True)
    queue = toy.query(
        settings,
        "select model_id, usage_date, reason, row_count, stored_cost, new_cost from genai_repricing_queue order by all",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENAI_FINOPS_HOME", str(settings.home))
        run = dg.materialize([repriced_costs], resources=default_resources())
    [event] = run.asset_materializations_for_node(repriced_costs.op.name)
    tables = contents(settings, toy)
    left = toy.query(settings, "select * from genai_repricing_queue")
    built = dbt_build(settings, window=None)
    return SimpleNamespace(
        quiet=quiet,
        queue=queue,
        told={name: value.value for name, value in event.metadata.items()},
        exported=[path.name for path in (settings.home / "focus").glob("*.parquet")],
        left=left,
        tables=tables,
        built_again=contents(settings, toy),
        nodes=[node.name for node in built.nodes],
    )


def contents(settings: Any, toy: Any) -> dict[str, list[tuple[Any, ...]]]:
    return {name: sorted(toy.query(settings, f"select * from {name}"), key=repr) for name in COSTS}  # noqa: S608


def queued(repriced: SimpleNamespace, model: str) -> list[tuple[Any, ...]]:
    return [row[1:] for row in repriced.queue if row[0] == model]


def test_nothing_is_queued_where_nothing_changed(repriced: SimpleNamespace) -> None:
    assert repriced.quiet == []


def test_a_changed_price_marks_its_days_and_its_model_only(repriced: SimpleNamespace) -> None:
    # Two accounts used a million tokens each: 2 x 2 dollars became 2 x 3.
    assert queued(repriced, "raised") == [(day, "price_changed", 2, 4, 6) for day in DAYS[3:]]


def test_a_price_that_is_found_marks_usage_that_had_none(repriced: SimpleNamespace) -> None:
    assert queued(repriced, "announced") == [(DAYS[5], "price_added", 2, None, 18)]


def test_a_price_that_is_withdrawn_marks_what_it_priced(repriced: SimpleNamespace) -> None:
    assert queued(repriced, "removed") == [(day, "price_removed", 2, 4, None) for day in DAYS]


def test_a_model_that_is_recognised_later_marks_its_usage(repriced: SimpleNamespace) -> None:
    assert queued(repriced, "found") == [(day, "price_added", 2, None, 4) for day in DAYS]


def test_an_allowance_in_the_middle_of_a_month_marks_only_days_of_its_account(repriced: SimpleNamespace) -> None:
    # 2.5 million of the month, from the third day on: a million, a million and half a million are free.
    assert queued(repriced, "allowed") == [
        (DAYS[2], "allowance_or_volume", 1, 2, 0),
        (DAYS[3], "allowance_or_volume", 1, 2, 0),
        (DAYS[4], "allowance_or_volume", 1, 2, 1),
    ]


def test_an_estimate_that_became_exact_is_queued_for_its_status(repriced: SimpleNamespace) -> None:
    assert queued(repriced, "bounded") == [(day, "status_changed", 2, 4, 4) for day in DAYS]


@pytest.mark.parametrize("model", ["untouched", "restated"])
def test_the_same_price_is_no_change_whatever_version_says_it(model: str, repriced: SimpleNamespace) -> None:
    assert queued(repriced, model) == []


def test_repricing_ends_with_an_empty_queue(repriced: SimpleNamespace) -> None:
    assert repriced.left == []


def test_repricing_says_what_changed(repriced: SimpleNamespace) -> None:
    assert repriced.told["days"] == [day.isoformat() for day in DAYS]
    assert repriced.told["rows_by_reason"] == {
        "allowance_or_volume": 3,
        "price_added": 14,
        "price_changed": 6,
        "price_removed": 12,
        "status_changed": 12,
    }
    # Before: raised 12, removed 24, allowed 6, bounded 24.
    # After: raised 18, announced 18, found 24, allowed 1, bounded 24.
    costs = repriced.told["costs"]["toy USD"]
    assert {side: Decimal(cost) for side, cost in costs.items()} == {"old": Decimal(66), "new": Decimal(85)}


def test_the_months_that_were_repriced_are_exported_anew(repriced: SimpleNamespace) -> None:
    assert repriced.exported == ["cost_and_usage_2026-10.parquet"]


def test_repricing_leaves_the_tables_of_a_full_build(repriced: SimpleNamespace) -> None:
    assert repriced.tables == repriced.built_again


def test_an_ordinary_build_does_not_rate_everything_again(repriced: SimpleNamespace) -> None:
    assert [name for name in repriced.nodes if "repricing" in name] == []
