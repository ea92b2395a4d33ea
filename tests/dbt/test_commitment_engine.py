"""Commitments and reserved capacity of one day against figures worked out by hand, through the engine."""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .commitment_lake import (
    ENGINE,
    HOUR,
    CommitmentLake,
    at,
    capacity_price_row,
    commitment_row,
    price_row,
    throughput_row,
    usage_row,
)

DAY = dt.date(2026, 1, 15)
MONTHS = {"term": "P3M", "starts_at": at("2025-12-15"), "ends_at": at("2026-03-15")}
MODEL_UNITS = {
    "meter": "model_unit_hour",
    "quantity": Decimal(2),
    "provider_model_id": "toy-large",
    "scope": "regional",
}
HOURLY = {"payment": "hourly", "agreed_unit_price": Decimal("18.40"), "agreed_price_period": "hour"}
WEEK = {"term": "P1W", "starts_at": at("2026-01-12"), "ends_at": at("2026-01-19"), "quantity": Decimal(5)}
GSU = {"meter": "gsu_hour", "provider_model_id": "toy-large", **WEEK}
SCALE_TIER = {"meter": "throughput_unit_hour", "quantity": Decimal(2), "scope": None, "provider_model_id": "toy-large"}
UNKNOWN_PRICE = {"agreed_unit_price": None, "agreed_price_period": None}

#: Commitments by organisation; 100 PTU for January at 0.40 an hour, paid once, where nothing else is said.
COMMITMENTS: dict[str, list[dict[str, Any]]] = {
    "page-azure": [{}],
    "page-bedrock": [{**MODEL_UNITS, **HOURLY, "applies_to": "resource", "resource_id": "one"}],
    "page-gsu": [{**GSU, "agreed_unit_price": Decimal(1176), "agreed_price_period": "term"}],
    "term-price": [{"agreed_unit_price": Decimal("297.6"), "agreed_price_period": "term"}],
    "monthly": [{**MONTHS, "payment": "monthly", "agreed_unit_price": Decimal(2232), "agreed_price_period": "month"}],
    "partial": [{"payment": "partial_upfront", "upfront_share": Decimal("0.25")}],
    "two": [{}, {"commitment_id": "res-0", "quantity": Decimal(20), **MONTHS}],
    "narrow-first": [
        {**MODEL_UNITS, **HOURLY, "applies_to": "resource", "resource_id": "one"},
        {**MODEL_UNITS, **HOURLY, "commitment_id": "res-0", **MONTHS},
    ],
    "whole-organisation": [{"applies_to": "organisation", "account_id": "account-9"}],
    "other-account": [{"account_id": "account-9"}],
    "other-region": [{"region_id": "west"}],
    "other-scope": [{"scope": "data_zone"}],
    "ended": [{"ended_at": at("2026-01-15T12:00")}],
    "ended-hourly": [{"ended_at": at("2026-01-15T12:00"), "payment": "hourly"}],
    "idle": [{}],
    "no-commitment": [],
    "no-commitment-price": [UNKNOWN_PRICE],
    "no-hourly-price": [],
    "overage": [{}],
    # A contract over tokens, which only their tier names: 1,000 a minute for each of two units.
    "scale-tier": [{**SCALE_TIER, "agreed_unit_price": Decimal(10)}],
    "tokens": [{}],
}

Capacity = tuple[str, Decimal, dict[str, Any]]


def capacity(quantity: str, resource_id: str = "one", **columns: Any) -> Capacity:
    return resource_id, Decimal(quantity), columns


REGIONAL = {"meter": "model_unit_hour", "geography": "regional"}
#: What was provisioned in every hour of the day.
PROVISIONED: dict[str, list[Capacity]] = {
    "page-azure": [capacity("75"), capacity("10", "two", region_id="west")],
    "page-bedrock": [capacity("2", **REGIONAL), capacity("2", "two", **REGIONAL)],
    "term-price": [capacity("75")],
    "monthly": [capacity("75")],
    "partial": [capacity("75")],
    "two": [capacity("15"), capacity("15", "two")],
    "narrow-first": [capacity("3", **REGIONAL)],
    "whole-organisation": [capacity("75")],
    "other-account": [capacity("75")],
    "other-region": [capacity("75")],
    "other-scope": [capacity("75")],
    "ended": [capacity("75")],
    "ended-hourly": [capacity("75")],
    "no-commitment": [capacity("2", **REGIONAL)],
    "no-commitment-price": [capacity("75")],
    "no-hourly-price": [capacity("2", meter="gsu_hour")],
    "overage": [capacity("110")],
    "tokens": [capacity("75")],
}
#: What is served and measured in every hour of the day, by meter.
SERVED = {"uncached_input": "600000", "output": "60000", "busy_unit_hour": "60", "peak_utilization": "97.5"}

#: Of one day: category, status, commitment, resource, quantity, list, contracted, billed and effective cost.
USAGE = {
    "page-azure": """
        Usage -      -     two  240  240  240  240 240
        Usage Unused res-1 -    600  240  240  0   240
        Usage Used   res-1 one 1800 1800 1800  0   720
    """,
    "page-bedrock": """
        Usage    -    -     two 48 984   984   984   984
        Usage    Used res-1 one 48 984   984   0     883.2
        Purchase -    res-1 -   48 883.2 883.2 883.2 0
    """,
    "page-gsu": """
        Usage Unused res-1 -   50 350 350 0 350
        Usage Used   res-1 one 70 490 490 0 490
    """,
    "term-price": """
        Usage Unused res-1 -    600  240  240 0 240
        Usage Used   res-1 one 1800 1800 1800 0 720
    """,
    # The payment for the 31 days from the day on makes 3 an hour of a unit; the term as a whole, of 90 days, 3.1.
    "monthly": """
        Usage Unused res-1 -    600 1860 1860 0 1800
        Usage Used   res-1 one 1800 1800 1800 0 5400
    """,
    # Three quarters of 960 are paid by the hour.
    "partial": """
        Usage    Unused res-1 -    600  240  240   0 240
        Usage    Used   res-1 one 1800 1800 1800   0 720
        Purchase -      res-1 -   1800  720  720 720   0
    """,
    # The earlier reservation, of 20 units, is used up before the later one.
    "two": """
        Usage Unused res-1 -   2160 864 864 0 864
        Usage Used   res-0 *    480 480 480 0 192
        Usage Used   res-1 *    240 240 240 0  96
    """,
    "narrow-first": """
        Usage    Unused res-0 -   24 441.6 441.6     0 441.6
        Usage    Used   res-0 one 24 492   492       0 441.6
        Usage    Used   res-1 one 48 984   984       0 883.2
        Purchase -      res-0 -   48 883.2 883.2 883.2 0
        Purchase -      res-1 -   48 883.2 883.2 883.2 0
    """,
    "whole-organisation": """
        Usage Unused res-1 -    600  240  240 0 240
        Usage Used   res-1 one 1800 1800 1800 0 720
    """,
    **dict.fromkeys(
        ("other-account", "other-region", "other-scope"),
        """
        Usage -      -     one 1800 1800 1800 1800 1800
        Usage Unused res-1 -   2400  960  960    0  960
        """,
    ),
    # Paid to the end of January, usable until noon.
    "ended": """
        Usage -      -     one  900  900  900 900 900
        Usage Unused res-1 -   1500  600  600   0 600
        Usage Used   res-1 one  900  900  900   0 360
    """,
    "ended-hourly": """
        Usage    -      -     one  900 900 900 900 900
        Usage    Unused res-1 -    300 120 120   0 120
        Usage    Used   res-1 one  900 900 900   0 360
        Purchase -      res-1 -   1200 480 480 480   0
    """,
    "idle": """
        Usage Unused res-1 - 2400 960 960 0 960
    """,
    "no-commitment": """
        Usage - - one 48 984 984 984 984
    """,
    # What the provider asks for the hour is known; what was paid for the reservation is not.
    "no-commitment-price": """
        Usage Unused res-1 -    600 - - - -
        Usage Used   res-1 one 1800 - - - -
    """,
    "no-hourly-price": """
        Usage - - one 48 - - - -
    """,
    "overage": """
        Usage -    -     one  240  240  240 240 240
        Usage Used res-1 one 2400 2400 2400   0 960
    """,
    # Of 2 x 1,440,000 tokens a day 2,160,000 came. No hourly price is known: the contract's own stands for it.
    "scale-tier": """
        Usage Unused res-1 - 12 120 120 0 120
        Usage Used   res-1 - 36 360 360 0 360
    """,
    "tokens": """
        Usage Unused res-1 -    600  240  240 0 240
        Usage Used   res-1 one 1800 1800 1800 0 720
    """,
}

#: Of all days: day, commitment, frequency, quantity, pricing quantity and unit, unit price, billed, effective cost.
PAYMENTS = {
    "page-azure": "2026-01-01 res-1 One-Time 74400 74400 PTU-Hours 0.4 29760 0",
    "page-gsu": "2026-01-12 res-1 One-Time 840 5 GSUs/7_Days 1176 5880 0",
    "term-price": "2026-01-01 res-1 One-Time 74400 100 PTU-Months 297.6 29760 0",
    "monthly": """
        2025-12-15 res-1 Recurring 74400 100 PTU-Months 2232 223200 0
        2026-01-15 res-1 Recurring 74400 100 PTU-Months 2232 223200 0
        2026-02-15 res-1 Recurring 67200 100 PTU-Months 2232 223200 0
    """,
    "ended": "2026-01-01 res-1 One-Time 74400 74400 PTU-Hours 0.4 29760 0",
    "no-commitment-price": "2026-01-01 res-1 One-Time 74400 100 PTU-Months - - -",
}


#: Of 75 used units for a day: 660,000 tokens an hour weigh 840,000 of 900,000 that can be served, and would cost 1.08.
UTILIZATION = {
    "committed_quantity": "2400",
    "used_quantity": "1800",
    "unused_quantity": "600",
    "overage_quantity": "0",
    "commitment_utilization": "0.75",
    "busy_quantity": "1440",
    "load_utilization": "0.8",
    "peak_utilization": "97.5",
    "tokens": "15840000",
    "weighted_tokens": "20160000",
    "token_capacity": "21600000",
    "token_utilization": "0.933333333",
    "effective_cost": "960",
    "unused_cost": "240",
    "payg_cost": "25.92",
    "effective_cost_per_million_tokens": "60.606060606061",
    "payg_cost_per_million_tokens": "1.636363636364",
    "break_even_utilization": "34.567901222",
}


def capacity_usage() -> Iterator[dict[str, Any]]:
    for org, found in PROVISIONED.items():
        for resource_id, quantity, columns in found:
            for hour in range(24):
                yield usage_row(org, at(DAY.isoformat()) + hour * HOUR, quantity, resource_id=resource_id, **columns)
        for meter, served in SERVED.items() if org == "tokens" else ():
            for hour in range(24):
                yield usage_row(org, at(DAY.isoformat()) + hour * HOUR, served, meter=meter)
    for hour in range(20):
        yield usage_row("page-gsu", at(DAY.isoformat()) + hour * HOUR, "3.5", meter="gsu_hour")
    # Days are built until the last one that has usage.
    yield usage_row("clock", at("2026-03-31"), "1")


SCALE_TIER_CONTRACT = {
    "meter": "throughput_unit_hour",
    "scope": None,
    "x_org_slug": "scale-tier",
    "commitment_id": "res-1",
}


def scale_tier_tokens() -> dict[str, Any]:
    row = usage_row(
        "scale-tier",
        at(DAY.isoformat()),
        "2160000",
        resource_id=None,
        resource_name=None,
        meter="uncached_input",
        geography=None,
        x_pipeline_id="toy.payg_usage",
    )
    return row | {"period_end": row["period_start"] + 24 * HOUR}


@pytest.fixture(scope="module")
def built(lake_folder: Path) -> CommitmentLake:
    lake = CommitmentLake(folder=lake_folder)
    usual = {"agreed_unit_price": Decimal("0.40"), "agreed_price_period": "hour"}
    for org, found in COMMITMENTS.items():
        lake.add("genai_commitments", [commitment_row(org, **(usual | columns)) for columns in found])
    lake.add("genai_commitment_usage_raw", capacity_usage())
    lake.add("genai_payg_usage_raw", [scale_tier_tokens()])
    # 200 tokens a minute for each unit, of which one that comes out weighs as much as four that go in.
    lake.add(
        "genai_capacity_throughput",
        [
            throughput_row("uncached_input", "1", "200"),
            throughput_row("output", "4", "200"),
            throughput_row("uncached_input", "1", "1000", **SCALE_TIER_CONTRACT),
        ],
    )
    lake.add("genai_price_book", [price_row("uncached_input", "1"), price_row("output", "8")])
    prices = [capacity_price_row("1"), capacity_price_row("20.50", meter="model_unit_hour")]
    lake.add("genai_capacity_price_book", prices)
    lake.write()
    lake.build(select=[*ENGINE, "+genai_commitment_utilization_daily"])
    return lake


def text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value else "0"
    return "-" if value is None else str(value).replace(" ", "_")


def lines(rows: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(" ".join(text(value) for value in row.values()) for row in rows)


def expected(table: str) -> list[str]:
    return sorted(" ".join(line.split()) for line in table.strip().splitlines())


@pytest.mark.parametrize("org", [*USAGE])
def test_a_day_costs_what_was_worked_out_by_hand(built: CommitmentLake, org: str) -> None:
    # A payment for more than the day is no part of it. Which of two equal resources is covered first does not matter.
    rows = built.query(f"""
        select charge_category, commitment_status, commitment_id,
            case when '{org}' = 'two' and commitment_status = 'Used' then '*' else resource_id end as resource,
            sum(quantity), sum(list_cost), sum(contracted_cost), sum(billed_cost), sum(effective_cost)
        from genai_commitment_costs_daily
        where x_org_slug = '{org}' and usage_date = '{DAY}'
            and (charge_category = 'Usage' or charge_period_end <= date '{DAY}' + 1)
        group by all
    """)  # noqa: S608 - names of this file
    assert lines(rows) == expected(USAGE[org])


@pytest.mark.parametrize("org", [*PAYMENTS])
def test_a_commitment_is_billed_when_it_is_due(built: CommitmentLake, org: str) -> None:
    rows = built.query(f"""
        select usage_date, commitment_id, charge_frequency, quantity, pricing_quantity, pricing_unit, list_unit_price,
            billed_cost, effective_cost
        from genai_commitment_costs_daily
        where x_org_slug = '{org}' and charge_category = 'Purchase'
    """)  # noqa: S608 - names of this file
    assert lines(rows) == expected(PAYMENTS[org])


def test_what_has_no_price_says_so_and_never_costs_nothing(built: CommitmentLake) -> None:
    rows = built.query("""
        select distinct x_org_slug, commitment_status, pricing_status, pricing_reason
        from genai_commitment_costs_daily where x_org_slug in ('no-commitment-price', 'no-hourly-price')
    """)
    assert lines(rows) == [
        "no-commitment-price - unpriced no_commitment_price",
        "no-commitment-price Unused unpriced no_commitment_price",
        "no-commitment-price Used unpriced no_commitment_price",
        "no-hourly-price - unpriced no_capacity_price",
    ]


def test_each_kind_of_row_has_its_pricing_category(built: CommitmentLake) -> None:
    rows = built.query("""
        select distinct charge_category, commitment_status, charge_frequency, pricing_category
        from genai_commitment_costs_daily where x_org_slug in ('page-azure', 'page-bedrock')
    """)
    assert lines(rows) == [
        "Purchase - One-Time Standard",
        "Purchase - Recurring Standard",
        "Usage - Usage-Based Standard",
        "Usage Unused Usage-Based Committed",
        "Usage Used Usage-Based Committed",
    ]


def test_utilization_is_told_beside_what_the_tokens_would_have_cost(built: CommitmentLake) -> None:
    [row] = built.query(f"""
        select * from genai_commitment_utilization_daily where x_org_slug = 'tokens' and usage_date = '{DAY}'
    """)  # noqa: S608 - names of this file
    assert {name: text(value) for name, value in row.items() if name in UTILIZATION} == UTILIZATION


def test_an_hour_that_is_paid_by_itself_is_bought_and_used(built: CommitmentLake) -> None:
    rows = built.query("""
        select charge_category, commitment_status, resource_id, quantity, billed_cost, effective_cost
        from int_commitment__hourly_coverage
        where x_org_slug = 'page-bedrock' and hour_start = '2026-01-15T10:00Z' and commitment_id = 'res-1'
    """)
    assert lines(rows) == ["Purchase - - 2 36.8 0", "Usage Used one 2 0 36.8"]


def test_a_day_that_is_built_alone_is_the_day_of_the_whole(built: CommitmentLake) -> None:
    tables = ("genai_commitment_costs_daily", "genai_commitment_utilization_hourly", "int_commitment__hourly_coverage")
    statements = [f"select * from {table} order by all" for table in tables]  # noqa: S608 - names of this file
    whole = [built.query(statement) for statement in statements]

    built.build(window=(DAY, DAY + dt.timedelta(days=1)), tests=False)

    assert [built.query(statement) for statement in statements] == whole
