"""Repricing and the checks of prices in the graph as production loads it."""

from typing import Any

import dagster as dg
import pytest

REPRICED = dg.AssetKey(["prices", "repriced_costs"])
QUEUE = dg.AssetKey(["warehouse", "genai_repricing_queue"])


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def selected(definitions: dg.Definitions, job: str) -> set[str]:
    keys = definitions.resolve_job_def(job).asset_layer.selected_asset_keys
    return {key.to_user_string() for key in keys}


def test_the_job_makes_the_price_table_the_queue_and_the_repriced_costs(definitions: dg.Definitions) -> None:
    assert selected(definitions, "reprice") == {
        "prices/repriced_costs",
        *(f"warehouse/int_{name}" for name in ("pricing__alias_rules", "repricing__models", "repricing__stored_costs")),
        *(f"warehouse/genai_{name}" for name in ("payg_pricing", "repricing_queue")),
    }


def test_every_consolidation_reprices(definitions: dg.Definitions) -> None:
    assert {REPRICED.to_user_string(), QUEUE.to_user_string()} <= selected(definitions, "consolidate")


def test_costs_are_repriced_after_the_queue_and_after_the_export_of_the_run(graph: Any) -> None:
    assert graph.get(REPRICED).parent_keys == {QUEUE, dg.AssetKey(["focus", "cost_and_usage"])}


@pytest.mark.parametrize("key", [REPRICED, QUEUE], ids=str)
def test_what_looks_at_all_days_has_no_partitions_and_waits_for_the_writer(key: dg.AssetKey, graph: Any) -> None:
    assert (graph.get(key).partitions_def, graph.get(key).pools) == (None, {"warehouse_writer"})


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("genai_price_differences", "sources_agree_on_prices"),
        ("genai_price_gaps", "used_models_have_prices_without_gaps"),
    ],
)
def test_disagreements_and_gaps_are_checked_where_they_are_listed(table: str, check: str, graph: Any) -> None:
    key = dg.AssetKey(["warehouse", table])
    assert check in {found.name for found in graph.asset_check_keys if found.asset_key == key}
