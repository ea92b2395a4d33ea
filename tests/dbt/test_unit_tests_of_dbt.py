"""The unit tests that are written in dbt."""

from typing import Any

from genai_finops.transform.invoke import invoke, warehouse_lock


def test_dbt_unit_tests_pass(toy_lake: Any) -> None:
    toy_lake.write_reference()
    toy_lake.land([])
    settings = toy_lake.settings
    with warehouse_lock(settings, timeout_seconds=10):
        # Unit tests read the types of their inputs from the warehouse, so empty tables have to be there.
        assert invoke(settings, ["build", "--empty", "--exclude-resource-type", "unit_test"]).success
        outcome = invoke(settings, ["test", "--select", "test_type:unit"])
    broken = {result.node.name: result.message for result in outcome.result.results if str(result.status) != "pass"}
    assert broken == {}
