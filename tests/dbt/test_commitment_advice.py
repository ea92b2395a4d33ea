"""What to buy and what to release, against savings worked out by hand.

A unit serves 1,000 tokens a minute, 60,000 an hour. A million tokens cost 20 dollars, so that a unit that is busy all
hours saves 1.20 an hour; it costs 1 an hour, or 0.50 with a commitment of a month that costs 365 (12 x 365 / 8,760).
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .commitment_lake import (
    HOUR,
    CommitmentLake,
    at,
    capacity_price_row,
    commitment_row,
    price_row,
    throughput_row,
    usage_row,
)

FIRST = at("2026-01-02")
LAST_DAY = dt.date(2026, 1, 31)
HOURS = 720
UNIT = 60_000


def tokens(org: str, hour: dt.datetime, units: int, **columns: Any) -> dict[str, Any]:
    """As many pay-as-you-go tokens as units serve in an hour."""
    plain = {"resource_id": None, "resource_name": None, "service_tier": "standard", "meter": "uncached_input"}
    row = usage_row(org, hour, str(units * UNIT), **plain, x_pipeline_id="toy.payg_usage")
    return row | columns


def payg_usage() -> Iterator[dict[str, Any]]:
    for number in range(HOURS):
        hour = FIRST + number * HOUR
        # 20 units at all hours.
        yield tokens("steady", hour, 20)
        # 20 units in one hour of a day.
        if number % 24 == 9:
            yield tokens("spiky", hour, 20)
        # 20 units at all hours, for which half of the list price was agreed.
        yield tokens("cheap", hour, 20)
        if number >= HOURS - 10 * 24:
            yield tokens("young", hour, 20)
        if number % 24 == 0:
            yield tokens("daily", hour, 20 * 24, period_end=hour + 24 * HOUR)


def capacity_usage() -> Iterator[dict[str, Any]]:
    for number in range(HOURS):
        # A deployment that nobody calls, and one of 30 units that 20 would do for.
        yield usage_row("idle", FIRST + number * HOUR, "50")
        yield usage_row("wide", FIRST + number * HOUR, "30")
        yield usage_row("wide", FIRST + number * HOUR, str(20 * UNIT), meter="uncached_input")
        # 60 of the 100 units that are reserved.
        yield usage_row("reserved", FIRST + number * HOUR, "60")


@pytest.fixture(scope="module")
def built(lake_folder: Path) -> CommitmentLake:
    lake = CommitmentLake(folder=lake_folder)
    lake.add("genai_payg_usage_raw", payg_usage())
    lake.add("genai_commitment_usage_raw", capacity_usage())
    reserved = {"agreed_unit_price": Decimal("0.40"), "agreed_price_period": "hour", "term": "P3M"}
    lake.add("genai_commitments", [commitment_row("reserved", **reserved, ends_at=at("2026-04-01"))])
    lake.add("genai_price_book", [price_row("uncached_input", "20")])
    agreed = {"x_org_slug": "cheap", "pricing_type": "negotiated", "source": "organisation", "is_custom": True}
    lake.add("genai_price_book", [price_row("uncached_input", "10", **agreed, priority=0)])
    steps = {"minimum_units": 15, "unit_step": 5}
    lake.add("genai_capacity_throughput", [throughput_row("uncached_input", "1", "1000", **steps)])
    month = {"purchase_option": "commitment", "term": "P1M", "price_period": "term"}
    lake.add("genai_capacity_price_book", [capacity_price_row("1"), capacity_price_row("365", **month)])
    lake.write()
    lake.build(select=["+genai_commitment_advice"])
    return lake


#: By organisation and term: action, units, units in all, saving at list prices, saving at the organisation's prices.
ADVICE = {
    # 20 x 720 x 1.20 = 17,280 as pay-as-you-go; 20 x 720 by the hour, 20 x 360 with a commitment.
    "steady": ["- buy 20 20 2880 2880", "P1M buy 20 20 10080 10080"],
    # 20 x 30 x 1.20 = 720 as pay-as-you-go; the least that can be bought costs 15 x 360.
    "spiky": ["- none 0 0 0 0", "P1M none 0 0 0 0"],
    # At half the price the hour of a unit saves 0.60: more than 0.50 and less than 1.
    "cheap": ["- none 0 0 0 0", "P1M buy 20 20 10080 1440"],
    # Ten days of load are a third of 30 days, but all that is known: they stand for 30.
    "young": ["- buy 20 20 2880 2880", "P1M buy 20 20 10080 10080"],
    "daily": ["- buy 20 20 2880 2880", "P1M buy 20 20 10080 10080"],
    # 50 x 720 x 1 is saved by deleting it.
    "idle": ["- release 50 0 36000 36000", "P1M release 50 0 36000 36000"],
    # 30 x 720 now; 20 x 720 by the hour, 20 x 360 with a commitment.
    # 60 of the 100 units that are reserved at 0.40 are deployed, and nobody calls them: 60 x 720 x 0.40.
    "reserved": ["- release 60 0 17280 17280", "P1M release 60 0 17280 17280", "P3M release 40 60 11520 11520"],
    "wide": ["- release 10 20 7200 7200", "P1M release 10 20 14400 14400"],
}
CONFIDENCE = {"steady": "high", "young": "medium", "daily": "low"}


def text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{round(value, 6):f}".rstrip("0").rstrip(".") if value else "0"
    return "-" if value is None else str(value)


@pytest.mark.parametrize("org", [*ADVICE])
def test_the_advice_is_what_was_worked_out_by_hand(built: CommitmentLake, org: str) -> None:
    rows = built.query(f"""
        select term, action, action_units, recommended_units, list_saving, contracted_saving
        from genai_commitment_advice where x_org_slug = '{org}' order by term nulls first
    """)  # noqa: S608 - names of this file
    assert [" ".join(text(value) for value in row.values()) for row in rows] == ADVICE[org]


@pytest.mark.parametrize("org", [*CONFIDENCE])
def test_confidence_follows_the_days_and_whether_hours_are_known(built: CommitmentLake, org: str) -> None:
    rows = built.query(f"select distinct confidence from genai_commitment_advice where x_org_slug = '{org}'")  # noqa: S608
    assert rows == [{"confidence": CONFIDENCE[org]}]


def test_what_was_always_idle_of_a_commitment_can_be_released_at_its_end(built: CommitmentLake) -> None:
    # 40 of 100 units for 720 hours at 0.40.
    [row] = built.query("""
        select action, action_units, recommended_units, contracted_saving, confidence
        from genai_commitment_advice where commitment_id = 'res-1'
    """)
    assert " ".join(text(value) for value in row.values()) == "release 40 60 11520 high"


@pytest.mark.parametrize("org", ["steady", "reserved"])
def test_the_evidence_shows_the_load_behind_it(built: CommitmentLake, org: str) -> None:
    found = built.query(f"""
        select distinct evidence_query from genai_commitment_advice
        where x_org_slug = '{org}' and (commitment_id is not null or x_org_slug = 'steady')
    """)  # noqa: S608 - names of this file
    [query] = (row["evidence_query"] for row in found)
    rows = built.query(query)
    assert len(rows) == HOURS
    if org == "steady":
        assert {row["quantity"] for row in rows} == {Decimal(20 * UNIT)}
    else:
        assert {row["unused_quantity"] for row in rows} == {Decimal(40)}
