"""What a resource was at which time, from the states that ingestion kept."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from genai_finops.transform import dbt_build


def hour(value: int) -> dt.datetime:
    return dt.datetime(2026, 10, 2, value, tzinfo=dt.UTC)


#: Resource, model, first and last hour at which it was seen, further columns.
STATES: tuple[tuple[str, str, int, int, dict[str, Any]], ...] = (
    ("alone", "a", 5, 9, {}),
    ("replaced", "old", 5, 7, {}),
    ("replaced", "new", 8, 9, {}),
    ("dated", "old", 5, 7, {}),
    ("dated", "new", 10, 12, {"modified_at": hour(8)}),
    ("backdated", "first", 5, 6, {}),
    ("backdated", "second", 7, 8, {}),
    ("backdated", "third", 9, 9, {"modified_at": hour(6)}),
    ("stale", "a", 5, 9, {"modified_at": hour(7)}),
    ("deleted", "a", 5, 7, {"missed_at": hour(8)}),
    ("returned", "old", 5, 6, {"missed_at": hour(7)}),
    ("returned", "new", 9, 9, {}),
    ("mistaken", "old", 5, 6, {"missed_at": hour(8)}),
    ("mistaken", "new", 9, 9, {"modified_at": hour(7)}),
    ("twins", "a", 5, 9, {}),
    ("twins", "b", 7, 9, {"resource_type": "Model"}),
    ("twins", "c", 8, 9, {"x_org_slug": "globex"}),
)


@pytest.fixture(scope="module")
def validities(module_toy_lake: Any, toy: Any) -> dict[tuple[str, str], tuple[dt.datetime, dt.datetime | None]]:
    """From when and until when each model was behind each resource."""
    module_toy_lake.write_reference()
    rows = [
        toy.resource_row(resource, model, hour(first), hour(last), **columns)
        for resource, model, first, last, columns in STATES
    ]
    folder = module_toy_lake.root / "resources" / "toy"
    module_toy_lake.write_resources([toy.resource_row("older", "a", hour(5), hour(9), x_credential_id="cred-2")])
    # A file of a release that did not ask whether a resource was missed.
    pl.read_parquet(folder / "acme.cred-1.parquet").drop("missed_at").write_parquet(folder / "acme.cred-2.parquet")
    module_toy_lake.write_resources(rows)
    dbt_build(module_toy_lake.settings, window=None, select=["genai_provider_resources"])
    columns = "resource_id, provider_model_id, valid_from, valid_to"
    built = toy.query(module_toy_lake.settings, f"select {columns} from genai_provider_resources")  # noqa: S608 - as above
    return {(resource, model): (valid_from, valid_to) for resource, model, valid_from, valid_to in built}


@pytest.mark.parametrize(
    ("resource", "model", "validity"),
    [
        pytest.param("alone", "a", (5, None), id="the only state stays"),
        pytest.param("replaced", "old", (5, 8), id="a state ends when the next one is seen"),
        pytest.param("replaced", "new", (8, None), id="the next state begins when it is seen"),
        pytest.param("dated", "old", (5, 8), id="a state ends at the change that the provider dates"),
        pytest.param("dated", "new", (8, None), id="a state begins at the change that the provider dates"),
        pytest.param("backdated", "first", (5, 6), id="the earliest beginning of a later state ends it"),
        pytest.param("backdated", "second", (7, 7), id="a state that a later one dates back over holds at no moment"),
        pytest.param("stale", "a", (5, None), id="a change after it was seen does not delay it"),
        pytest.param("deleted", "a", (5, 8), id="a resource that a list no longer shows ends there"),
        pytest.param("returned", "old", (5, 7), id="one that is made anew was not there in between"),
        pytest.param("returned", "new", (9, None), id="one that is made anew begins again"),
        pytest.param(
            "mistaken", "old", (5, 7), id="a change that the provider dates tells more than a list that misses"
        ),
        pytest.param(
            "older", "a", (5, None), id="a file from before resources could be missed is read beside newer ones"
        ),
        pytest.param("twins", "a", (5, None), id="a resource of another kind or organisation is another one"),
    ],
)
def test_a_state_holds_from_its_beginning_to_the_next(
    resource: str, model: str, validity: tuple[int, int | None], validities: dict[tuple[str, str], Any]
) -> None:
    start, end = validity
    assert validities[resource, model] == (hour(start), None if end is None else hour(end))


def test_no_state_is_dropped(validities: dict[tuple[str, str], Any]) -> None:
    assert validities.keys() == {("older", "a"), *((resource, model) for resource, model, *_ in STATES)}


def test_a_lake_without_resources_is_an_empty_table(toy_lake: Any, toy: Any) -> None:
    toy_lake.write_reference()
    dbt_build(toy_lake.settings, window=None, select=["genai_provider_resources"])
    assert toy.query(toy_lake.settings, "select count(*) from genai_provider_resources") == [(0,)]
