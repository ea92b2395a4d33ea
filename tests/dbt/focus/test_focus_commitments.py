"""Rows of commitments and infrastructure, as the real dbt project builds them from hand-made cost rows."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from genai_finops.transform.result import TransformError

Query = Callable[..., list[tuple[Any, ...]]]

KINDS = {
    "purchase": "ChargeCategory = 'Purchase'",
    "used": "CommitmentDiscountStatus = 'Used'",
    "unused": "CommitmentDiscountStatus = 'Unused'",
}
KEYS = (
    "ContractId",
    "ContractCommitmentId",
    "ContractCommitmentAppliedCost",
    "ContractCommitmentAppliedQuantity",
    "ContractCommitmentAppliedUnit",
)


def moment(month: int, day: int) -> dt.datetime:
    return dt.datetime(2026, month, day, tzinfo=dt.UTC)


COLUMNS = (
    *("ChargeFrequency", "ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "PricingCategory"),
    *("PricingUnit", "PricingQuantity", "ListUnitPrice", "BilledCost", "EffectiveCost", "ConsumedQuantity"),
    *("ConsumedUnit", "CommitmentDiscountQuantity", "CommitmentDiscountUnit", "ResourceId", "ResourceType"),
    *("SkuId", "SkuMeter", "SkuPriceId"),
)
EXPECTED = {
    "purchase": (
        *("One-Time", moment(10, 1), moment(11, 1), moment(10, 1), "Standard", "PTU-Months"),
        *(100, 260, 26000, 0, None, None),
        *(
            74400,
            "PTU-Hours",
            "res-1",
            "Reservation",
            "ptu-global-reservation-1m",
            "Provisioned Throughput Reservation",
        ),
        "azure_openai/ptu-global-reservation-1m/commitment/ptu-months",
    ),
    "used": (
        *("Usage-Based", moment(10, 1), moment(10, 2), moment(10, 1), "Committed", "PTU-Hours"),
        *(1800, 1, 0, Decimal("629.032258064516129031"), 1800, "PTU-Hours"),
        *(1800, "PTU-Hours", "deployment-of-res-1", "Model Deployment", "ptu-global", "Provisioned Throughput"),
        "azure_openai/ptu-global/on-demand/ptu-hours",
    ),
    "unused": (
        *("Usage-Based", moment(10, 1), moment(10, 2), moment(10, 1), "Committed", "PTU-Hours"),
        *(600, Decimal("0.349462365591"), 0, Decimal("209.677419354838709678"), None, None),
        *(600, "PTU-Hours", "res-1", "Reservation", "ptu-global-reservation-1m", "Provisioned Throughput Reservation"),
        "azure_openai/ptu-global-reservation-1m/commitment/ptu-hours",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_reservation_is_bought_used_and_left_idle_as_focus_asks(focus_query: Query, kind: str) -> None:
    rows = focus_query(
        f"select {', '.join(COLUMNS)} from cost_data_standard_1_3 "  # noqa: S608 - constants of the test
        f"where CommitmentDiscountId = 'res-1' and x_IngestionDate = date '2026-10-01' and {KINDS[kind]}"
    )
    assert dict(zip(COLUMNS, rows[0], strict=True)) == dict(zip(COLUMNS, EXPECTED[kind], strict=True))


def test_capacity_beyond_a_commitment_is_standard_and_of_no_commitment(focus_query: Query) -> None:
    rows = focus_query(
        "select PricingCategory, ChargeFrequency, ConsumedQuantity, BilledCost, EffectiveCost, CommitmentDiscountId, "
        "CommitmentDiscountCategory, ContractApplied, SkuPriceId from cost_data_standard_1_3 "
        "where x_Flow = 'commitment' and CommitmentDiscountId is null"
    )
    price_line = "azure_openai/ptu-global/on-demand/ptu-hours"
    assert rows == [("Standard", "Usage-Based", 240, 240, 240, None, None, None, price_line)]


def test_contract_applied_has_five_keys_with_exact_numbers(focus_query: Query) -> None:
    rows = focus_query(
        "select ContractApplied, case ChargeCategory when 'Purchase' then BilledCost else EffectiveCost end, "
        "CommitmentDiscountQuantity, CommitmentDiscountId from cost_data_standard_1_3 "
        "where CommitmentDiscountId is not null"
    )
    for text, cost, quantity, commitment_id in rows:
        root = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        (element,) = root["Elements"]
        assert (list(root), tuple(element)) == (["Elements"], KEYS)
        amounts = (element["ContractCommitmentAppliedCost"], element["ContractCommitmentAppliedQuantity"])
        assert (*amounts, element["ContractCommitmentId"]) == (cost, quantity, commitment_id)


def test_what_a_contract_alone_prices_is_a_line_of_its_own(focus_query: Query) -> None:
    rows = focus_query(
        "select distinct SkuPriceId, SkuPriceDetails->>'x_ModelId', ResourceType from cost_data_standard_1_3 "
        "where CommitmentDiscountId = 'st-1' and ChargeCategory = 'Purchase'"
    )
    line = "openai/gpt-4.1-throughput-1m/commitment/payment=monthly/organisation=globex/commitment=st-1"
    assert rows == [(f"{line}/throughput-unit-months", "gpt-4.1", "Scale Tier")]


def test_accelerators_are_a_service_of_their_own(focus_query: Query) -> None:
    rows = focus_query(
        "select x_PricingId, SkuId, PricingCategory, ServiceName, ServiceCategory, ServiceSubcategory "
        "from cost_data_standard_1_3 where x_Flow = 'infrastructure' order by 1"
    )
    vertex = ("Vertex AI Infrastructure", "AI and Machine Learning", "Machine Learning")
    azure = ("Virtual Machines", "Compute", "Virtual Machines")
    assert rows == [
        ("a3", "instance-a3-highgpu-8g-compute", "Standard", *vertex),
        ("a3-spot", "instance-a3-highgpu-8g-compute", "Dynamic", *vertex),
        ("h100", "gpu-nvidia-h100-80gb-training", "Standard", *vertex),
        ("nc40", "instance-standard-nc40ads-h100-v5-compute", "Standard", *azure),
        ("v5e", "tpu-chip-v5e", "Standard", *vertex),
    ]


def test_a_machine_says_how_many_gpus_an_hour_of_it_has(focus_query: Query) -> None:
    rows = focus_query("select SkuPriceDetails from cost_data_standard_1_3 where x_PricingId = 'a3'")
    assert rows[0][0].startswith('{"GpuCount":8,"InstanceType":"a3-highgpu-8g","x_AcceleratorType":"GPU"')


@pytest.mark.parametrize(
    ("commitment_id", "expected"),
    [
        ("res-1", (26000, 74400, "PTU-Hours")),
        ("res-2", (145800, 438000, "PTU-Hours")),
        # Ended on its sixth day: what was committed is the month.
        ("pt-1", (Decimal("27379.2"), 1488, "Model Unit-Hours")),
        ("order-9", (6000, 840, "GSU-Hours")),
        ("st-1", (Decimal("4651.5"), 2232, "Throughput Unit-Hours")),
        ("pt-2", (Decimal("257164.8"), 17376, "Model Unit-Hours")),
        ("pt-3", (None, 744, "Model Unit-Hours")),
    ],
    ids=["upfront", "monthly", "hourly", "a week", "agreed price", "partly upfront", "unknown price"],
)
def test_a_commitment_has_its_cost_and_unit_hours(
    focus_query: Query, commitment_id: str, expected: tuple[object, ...]
) -> None:
    rows = focus_query(
        "select ContractCommitmentCost, ContractCommitmentQuantity, ContractCommitmentUnit "
        "from contract_commitment_1_3 where ContractCommitmentId = ?",
        commitment_id,
    )
    assert rows == [expected]


def test_a_contract_lasts_as_long_as_its_commitments(focus_query: Query) -> None:
    rows = focus_query(
        "select ContractCommitmentId, ContractPeriodStart, ContractPeriodEnd from contract_commitment_1_3 "
        "where ContractId = 'ro-111' order by 1"
    )
    period = (moment(9, 15), dt.datetime(2027, 9, 15, tzinfo=dt.UTC))
    assert rows == [("res-1", *period), ("res-2", *period)]


def test_a_commitment_is_described_in_a_sentence(focus_query: Query) -> None:
    [(text,)] = focus_query("select ContractCommitmentDescription from contract_commitment_1_3 where x_Term = 'P1Y'")
    assert text == (
        "Microsoft API: Reservation of 50 PTUs, regional, region swedencentral, for a year, paid by the month, "
        "at 243 USD per PTU-Months"
    )


def is_idle(row: dict[str, Any]) -> bool:
    return row.get("commitment_id") == "res-1" and row.get("commitment_status") == "Unused"


def test_what_breaks_a_rule_over_whole_tables_fails_the_build(focus_lab: SimpleNamespace, tmp_path: Path) -> None:
    # One build of rows that break each rule once: a build takes seconds, and the findings do not touch each other.
    rows = [row for row in focus_lab.cost_rows() if row["flow"] != "payg"]
    idle = [row for row in rows if is_idle(row)]
    rows.remove(idle[2])
    idle[4]["charge_period_end"] += dt.timedelta(days=1)
    used = next(row for row in rows if (row.get("commitment_id"), row.get("commitment_status")) == ("order-9", "Used"))
    used |= {"effective_cost": used["effective_cost"] + Decimal("1e-18"), "billed_cost": Decimal(1)}
    overage = next(row for row in rows if row["flow"] == "commitment" and row.get("commitment_id") is None)
    overage["list_cost"] += Decimal("1e-18")
    unknown = {"commitment_id": "order-10", "pricing_id": "gsu-1w"}
    rows.append(next(row for row in rows if is_idle(row)) | unknown)
    focus_lab.write_inputs(tmp_path, rows)
    with pytest.raises(TransformError) as failure:
        focus_lab.build(tmp_path)
    failed = {node.name for node in failure.value.result.nodes if not node.ok and node.resource_type == "test"}
    assert failed == {
        "assert_focus_amortises_what_was_billed",
        "assert_focus_charges_are_named",
        "assert_focus_contracts_are_known",
        "assert_focus_periods_are_half_open",
        "assert_focus_prices_times_quantities_are_costs",
        "assert_focus_rows_follow_their_kind",
        "assert_focus_shows_all_idle_capacity",
    }
