"""Charges split to who caused them, as the real dbt project builds them from hand-made parts."""

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from genai_finops.schemas.tables.focus_allocated import ALLOCATED_METHOD_IDS
from genai_finops.settings import Settings
from genai_finops.transform.invoke import target_path

from .allocated_parts import CONSUMERS

Query = Callable[..., list[tuple[Any, ...]]]

METRICS = (
    *("BilledCost", "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedCost", "EffectiveCost", "ListCost"),
    *("PricingCurrencyEffectiveCost", "PricingQuantity"),
)
ALLOCATION = (
    *("AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags"),
    *("ContractApplied", "x_FreeQuantity", "x_ChargeId"),
)


@pytest.fixture
def query(allocated_home: Path, focus_lab: SimpleNamespace) -> Query:
    """Runs SQL on the tables of the home."""
    return lambda sql, *parameters: focus_lab.query(allocated_home, sql, parameters)


@pytest.mark.parametrize("metric", METRICS)
def test_the_parts_of_a_charge_add_up_to_it_to_the_last_decimal(query: Query, metric: str) -> None:
    rows = query(
        f"select x_OriginChargeId from cost_data_standard_1_3_allocated group by 1 "  # noqa: S608 - columns of the test
        f"except select x_ChargeId from cost_data_standard_1_3 union all "
        f"select x_ChargeId from cost_data_standard_1_3 as origin where {metric} is distinct from "
        f"(select sum({metric}) from cost_data_standard_1_3_allocated where x_OriginChargeId = origin.x_ChargeId)"
    )
    assert rows == []


def test_all_else_is_that_of_the_charge(query: Query) -> None:
    columns = [name for (name, *_) in query("describe cost_data_standard_1_3")]
    same = ", ".join(name for name in columns if name not in {*METRICS, *ALLOCATION})
    rows = query(
        f"select distinct x_OriginChargeId, {same} from cost_data_standard_1_3_allocated "  # noqa: S608 - as above
        f"except select x_ChargeId, {same} from cost_data_standard_1_3"
    )
    assert rows == []


def test_a_charge_that_nobody_claims_stays_as_it_is(query: Query) -> None:
    ordinary = "select * exclude ({}) from cost_data_standard_1_3_allocated where AllocatedMethodId is null"
    ours = "x_OriginChargeId, x_TenantId, x_UserId, x_TaskId, x_ConversationId, x_AllocationMethod, "
    rows = query(
        f"{ordinary.format(f'{ours} x_UnattributedReason, x_EvidenceCoverage')} except from cost_data_standard_1_3"
    )
    reasons = query(
        "select distinct x_AllocationMethod, x_UnattributedReason from cost_data_standard_1_3_allocated "
        "where AllocatedMethodId is null"
    )
    assert (rows, reasons) == ([], [("unattributed", "incomplete_log")])


def test_every_consumer_has_an_id_of_its_own_and_tags_that_say_who_it_is(query: Query) -> None:
    rows = query(
        "select distinct AllocatedResourceId, AllocatedTags from cost_data_standard_1_3_allocated "
        "where x_OrgSlug = 'acme' and AllocatedResourceId is not null"
    )
    found = [json.loads(tags) for _, tags in rows]
    keys = ("tenant", "user", "task", "conversation")
    expected = [{key: name for key, name in zip(keys, names, strict=True) if name} for names in CONSUMERS]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert len({identifier for identifier, _ in rows}) == len(CONSUMERS)


def test_tags_are_escaped_as_bigquery_does(query: Query) -> None:
    rows = query(
        "select distinct AllocatedTags, AllocatedResourceId from cost_data_standard_1_3_allocated "
        "where x_OrgSlug = 'acme' and starts_with(x_TenantId, 'x')"
    )
    escaped = '{"tenant":"x\\"y\\\\z\\n\\u2028\\u000b\\\\u000B"}'
    encoded = "".join(f"%{byte:02X}" for byte in 'x"y\\z\n\u2028\x0b\\u000B'.encode())
    assert rows == [(escaped, f"acme/tenant={encoded}")]


def test_the_remainder_has_a_method_and_no_consumer(query: Query) -> None:
    rows = query(
        "select distinct AllocatedMethodId, AllocatedResourceId, AllocatedResourceName, AllocatedTags, "
        "x_UnattributedReason from cost_data_standard_1_3_allocated "
        "where AllocatedMethodId is not null and x_AllocationMethod = 'unattributed'"
    )
    assert rows == [("unattributed-v1", None, None, None, "incomplete_log")]


def test_details_say_ratio_and_usage(query: Query) -> None:
    details, consumed, unit, ratio = query(
        "select AllocatedMethodDetails, ConsumedQuantity, ConsumedUnit, "
        "AllocatedMethodDetails->'Elements'->0->>'AllocatedRatio' from cost_data_standard_1_3_allocated "
        "where x_ConversationId = 'c-1' and x_Flow = 'payg' and x_AllocationMethod = 'logged_quantity' limit 1"
    )[0]
    expected = {
        "AllocatedRatio": float(ratio),
        "UsageUnit": unit,
        "UsageQuantity": float(consumed),
        "x_EvidenceEvents": 11,
    }
    assert json.loads(details) == {"Elements": [expected]}


def test_method_ids_are_those_that_are_documented(query: Query) -> None:
    found = dict(
        query(
            "select distinct x_AllocationMethod, AllocatedMethodId from cost_data_standard_1_3_allocated "
            "where AllocatedMethodId is not null"
        )
    )
    documentation = (Path(__file__).resolve().parents[3] / "docs" / "focus-mapping.md").read_text(encoding="utf-8")
    assert found.items() <= ALLOCATED_METHOD_IDS.items()
    assert [name for name in ALLOCATED_METHOD_IDS.values() if f"`{name}`" not in documentation] == []


def test_each_part_counts_its_own_towards_the_commitment(query: Query) -> None:
    rows = query(
        "select ContractApplied, EffectiveCost, CommitmentDiscountQuantity from cost_data_standard_1_3_allocated "
        "where CommitmentDiscountStatus = 'Used' and x_ConversationId = 'c-1'"
    )
    applied = [json.loads(text, parse_float=Decimal, parse_int=Decimal)["Elements"][0] for text, *_ in rows]
    assert rows
    assert [
        (element["ContractCommitmentAppliedCost"], element["ContractCommitmentAppliedQuantity"]) for element in applied
    ] == [(cost, quantity) for _, cost, quantity in rows]


def test_what_an_allowance_covers_is_split_too(query: Query) -> None:
    rows = query(
        "select sum(x_FreeQuantity), count(*) > 2, max(x_FreeQuantity) < 1000 from cost_data_standard_1_3_allocated "
        "where x_OriginChargeId in (select x_ChargeId from cost_data_standard_1_3 where x_FreeQuantity > 0)"
    )
    assert rows == [(Decimal(1000), True, True)]


@pytest.fixture(scope="module")
def spoiled(allocated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], int]:
    """Rows that a data test objects to after a change of the table, which is then taken back."""
    path = tmp_path_factory.mktemp("spoiled") / "warehouse.duckdb"
    shutil.copy(allocated_home / "warehouse.duckdb", path)
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(allocated_home)}, allocated_home)
    compiled = target_path(settings) / "compiled" / "genai_finops" / "tests"

    def objections(change: str, test: str) -> int:
        statement = (compiled / f"assert_focus_allocated_{test}.sql").read_text(encoding="utf-8")
        with duckdb.connect(str(path)) as connection:
            connection.execute("begin")
            connection.execute(change)
            # The name of the database is that of its file.
            found = connection.execute(statement).fetchall()
            connection.execute("rollback")
        return len(found)

    return objections


@pytest.mark.parametrize(
    ("change", "test"),
    [
        ("EffectiveCost = EffectiveCost + 0.000000000000000001", "conserves_its_origin"),
        ("x_FreeQuantity = 1", "conserves_its_origin"),
        ("ContractApplied = null", "conserves_its_origin"),
        (
            "AllocatedMethodDetails = replace(AllocatedMethodDetails, 'Ratio\":0.', 'Ratio\":1.')",
            "ratios_add_up_to_one",
        ),
        ("AllocatedMethodId = null", "follows_the_rules"),
        ("AllocatedResourceId = 'acme'", "follows_the_rules"),
        ("AllocatedResourceName = null", "follows_the_rules"),
        ("Tags = AllocatedTags", "follows_the_rules"),
        ("PricingQuantity = PricingQuantity + 0.000001", "follows_the_rules"),
        ("x_UnattributedReason = 'purchase'", "follows_the_rules"),
    ],
)
def test_parts_that_break_a_rule_fail_the_build(spoiled: Callable[[str, str], int], change: str, test: str) -> None:
    statement = f"update cost_data_standard_1_3_allocated set {change} where x_ConversationId = 'c-1'"  # noqa: S608 - as above
    assert spoiled("select 1", test) == 0 < spoiled(statement, test)
