"""Attribution and request logs in the graph as production loads it."""

from typing import Any

import dagster as dg
import pytest

LOGS = dg.AssetKey(["landing", "request_logs"])
EVENTS = dg.AssetKey(["warehouse", "genai_usage_events"])


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def selected(definitions: dg.Definitions, job: str) -> set[str]:
    keys = definitions.resolve_job_def(job).asset_layer.selected_asset_keys
    return {key.to_user_string() for key in keys}


def checks(definitions: dg.Definitions, job: str) -> set[str]:
    return {key.name for key in definitions.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys}


def checks_of(graph: Any, key: dg.AssetKey) -> set[str]:
    return {found.name for found in graph.asset_check_keys if found.asset_key == key}


def test_events_are_built_from_the_logs_that_were_landed(graph: Any) -> None:
    assert LOGS in graph.upstream_key_iterator(EVENTS)


def test_the_job_attribute_builds_all_of_attribution_and_the_allocated_focus_and_nothing_else(
    definitions: dg.Definitions, graph: Any
) -> None:
    group = {
        key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).group_name == "attribution"
    }
    assert selected(definitions, "attribute") == group | {"warehouse/cost_data_standard_1_3_allocated"}


def test_the_age_of_logs_is_looked_at_every_night_and_findings_are_left_to_their_sensor(
    definitions: dg.Definitions,
) -> None:
    found = checks(definitions, "consolidate")
    assert ("logs_are_recent" in found, "attribution_is_as_expected" in found) == (True, False)


def test_logs_are_checked_for_rejects_and_for_their_age(graph: Any) -> None:
    assert checks_of(graph, LOGS) == {"every_line_is_read", "logs_are_recent"}


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("genai_cost_attribution_daily", "assert_attribution_conserves_focus"),
        ("int_attribution__allocated_charges", "assert_allocated_parts_add_up"),
        ("genai_usage_events", "assert_events_are_counted_once"),
    ],
)
def test_conservation_is_checked_where_it_would_break(graph: Any, table: str, check: str) -> None:
    assert check in checks_of(graph, dg.AssetKey(["warehouse", table]))


def test_logs_are_not_landed_while_old_events_move(graph: Any) -> None:
    moved = dg.AssetKey(["retention", "events_in_lake"])
    assert (graph.get(LOGS).pools, graph.get(moved).pools) == ({"request_logs"}, {"request_logs"})


def test_the_warehouse_drops_events_after_the_lake_has_moved_them_and_as_its_only_writer(graph: Any) -> None:
    dropped = graph.get(dg.AssetKey(["retention", "events_in_warehouse"]))
    assert dropped.parent_keys == {dg.AssetKey(["retention", "events_in_lake"]), EVENTS}
    assert dropped.pools == {"warehouse_writer"}
