"""The seven worked examples of commitments in the FOCUS specification, given to the engine and compared row by row.

They are other people's data: they are read from GENAI_FINOPS_TEST_DATA and are not part of this repository. The
commitment is one unit for the year 2023 at one dollar an hour. The rows of hourly payments are the first hours of the
term: their periods (00 to 10 o'clock of the month after, 20 to 30) are misprints and are not compared.
"""

import csv
import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .commitment_lake import HOUR, CommitmentLake, at, capacity_price_row, commitment_row, usage_row

if "GENAI_FINOPS_TEST_DATA" not in os.environ:
    pytest.skip(
        "GENAI_FINOPS_TEST_DATA names no folder with focus_samples/commitment_discount_scenarios/",
        allow_module_level=True,
    )

FOLDER = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "focus_samples" / "commitment_discount_scenarios"
START = at("2023-01-01")
#: How the year is paid, and what is used of the unit in the first hour.
SCENARIOS: dict[str, tuple[dict[str, Any], str | None]] = {
    "purchase_scenario_1": ({"payment": "upfront"}, None),
    "purchase_scenario_2": ({"payment": "hourly"}, None),
    "purchase_scenario_3": ({"payment": "partial_upfront", "upfront_share": Decimal("0.5")}, None),
    "usage_scenario_1": ({"payment": "upfront"}, "1"),
    "usage_scenario_2": ({"payment": "upfront"}, None),
    "usage_scenario_3": ({"payment": "upfront"}, "0.75"),
    "usage_scenario_4": ({"payment": "upfront"}, "1.5"),
}
NULL = "null"


@pytest.fixture(scope="module")
def built(lake_folder: Path) -> CommitmentLake:
    lake = CommitmentLake(folder=lake_folder)
    for org, (payment, used) in SCENARIOS.items():
        commitment = {
            "quantity": Decimal(1),
            "term": "P1Y",
            "starts_at": START,
            "ends_at": at("2024-01-01"),
            "agreed_unit_price": Decimal(1),
            "agreed_price_period": "hour",
        }
        lake.add("genai_commitments", [commitment_row(org, **commitment, **payment)])
        if used is not None:
            lake.add("genai_commitment_usage_raw", [usage_row(org, START, used)])
    # Days are built until the last one that has usage.
    lake.add("genai_commitment_usage_raw", [usage_row("clock", START, "1")])
    lake.add("genai_capacity_price_book", [capacity_price_row("1")])
    lake.write()
    lake.build(tests=False)
    return lake


def stated_rows(scenario: str) -> list[dict[str, str]]:
    """The rows of the file, without what is not compared."""
    text = (FOLDER / f"commitment_discount_{scenario}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    hours = 0
    for row in rows:
        if row["ChargeCategory"] == "Purchase" and row["ChargeFrequency"] == "Recurring":
            row["ChargePeriodStart"] = instant(START + hours * HOUR)
            row["ChargePeriodEnd"] = instant(START + (hours + 1) * HOUR)
            hours += 1
    return rows


def instant(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def engine_rows(lake: CommitmentLake, scenario: str) -> list[dict[str, str]]:
    """Payments for more than a day, and the hours of the first day, under the names of FOCUS."""
    rows = lake.query(f"""
        with days as (
            select * from genai_commitment_costs_daily where x_org_slug = '{scenario}'
        ),

        hours as (
            select * from int_commitment__hourly_coverage where x_org_slug = '{scenario}'
        )

        select
            charge_period_start, charge_period_end, charge_category, charge_frequency, pricing_category, resource_id,
            commitment_id, commitment_status, billed_cost, effective_cost, commitment_quantity
        from days
        where charge_category = 'Purchase' and charge_frequency = 'One-Time'
        union all
        select
            hours.hour_start, hours.hour_start + interval 1 hour, hours.charge_category, days.charge_frequency,
            days.pricing_category, hours.resource_id, hours.commitment_id, hours.commitment_status,
            -- What no commitment covers is priced by the day.
            coalesce(hours.billed_cost, days.billed_cost), coalesce(hours.effective_cost, days.effective_cost),
            case when hours.commitment_id is not null then hours.quantity end
        from hours
        inner join days
            on days.charge_category = hours.charge_category
            and days.commitment_status is not distinct from hours.commitment_status
            and days.commitment_id is not distinct from hours.commitment_id
            and days.charge_frequency != 'One-Time'
    """)  # noqa: S608 - names of this file
    return [
        {
            "ChargePeriodStart": instant(row["charge_period_start"]),
            "ChargePeriodEnd": instant(row["charge_period_end"]),
            "ChargeCategory": row["charge_category"],
            "ChargeFrequency": row["charge_frequency"],
            "PricingCategory": row["pricing_category"],
            "ResourceId": _id_of(row["resource_id"], row["commitment_id"]),
            "BilledCost": f"{row['billed_cost']:.2f}",
            "EffectiveCost": f"{row['effective_cost']:.2f}",
            "CommitmentDiscountId": "<my-commitment-discount-id>" if row["commitment_id"] else NULL,
            "CommitmentDiscountQuantity": NULL
            if row["commitment_quantity"] is None
            else f"{row['commitment_quantity']:.2f}",
            "CommitmentDiscountStatus": row["commitment_status"] or NULL,
        }
        for row in rows
    ]


def _id_of(resource_id: str | None, commitment_id: str | None) -> str:
    if resource_id is not None:
        return "<my-resource-id>"
    return "<my-commitment-discount-id>" if commitment_id is not None else NULL


@pytest.mark.parametrize("scenario", [*SCENARIOS])
def test_a_scenario_of_the_specification_comes_out_row_by_row(built: CommitmentLake, scenario: str) -> None:
    stated = stated_rows(scenario)
    periods = {(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in stated}
    category = {"purchase": "Purchase", "usage": "Usage"}[scenario.partition("_")[0]]
    found = [
        row
        for row in engine_rows(built, scenario)
        if row["ChargeCategory"] == category and (row["ChargePeriodStart"], row["ChargePeriodEnd"]) in periods
    ]

    compared = [name for name in found[0] if name in stated[0]]
    assert sorted([row[name] for name in compared] for row in found) == sorted(
        [row[name] for name in compared] for row in stated
    )


def test_every_scenario_of_the_specification_is_compared() -> None:
    files = {path.stem.removeprefix("commitment_discount_") for path in FOLDER.glob("*.csv")}
    assert files == {*SCENARIOS}
