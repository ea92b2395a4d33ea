"""What holds of every commitment, whatever was bought and used: a batch of random ones through one build of the engine.

Terms cross months and 29 February, start and stop at odd seconds, and are paid in every way; deployments are scaled and
deleted.
"""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate, ProvisionedCapacity
from genai_finops.simulator.capacity_truth import CapacityTruth, capacity_truth

from .commitment_lake import HOUR, CommitmentLake, at, capacity_price_row, commitment_row, usage_row

SEED = 20260122
ESTATES = 24
TERMS = {"P1W": dt.timedelta(days=7), "P1M": relativedelta(months=1), "P3M": relativedelta(months=3)}
#: The last days of months, before and in a leap year, and days on which nothing happens.
STARTS = ("2024-01-31", "2024-01-30", "2024-02-29", "2024-02-14", "2023-11-30", "2024-02-01")
LAST_DAY = at("2024-06-15")
HOUR_PRICE = Decimal("1.000000000001")
#: Prices have 12 decimals and unit-hours 6: of what does not come out, this much of a dollar is rounded away at most.
ROUNDED = Fraction(1, 1000)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What one organisation has, as the truth knows it, and the share of each commitment that is paid at once."""

    org: str
    estate: CapacityEstate
    upfront_shares: dict[str, Decimal]

    def truth(self) -> CapacityTruth:
        """Every hour in which anything was paid for or provisioned."""
        spans = [(bought.starts_at, bought.ends_at) for bought in self.estate.commitments]
        spans += [(capacity.levels[0][0], capacity.deleted_at or LAST_DAY) for capacity in self.estate.capacities]
        first = min(start for start, _ in spans)
        return capacity_truth(self.estate, first.replace(minute=0, second=0), max(end for _, end in spans))


def random_case(number: int) -> Case:
    rng = random.Random(SEED * 1000 + number)  # noqa: S311 - no secret
    base = at(rng.choice(STARTS))
    is_model_unit = number % 4 == 3
    resources = tuple(
        _capacity(rng, f"one-{index}", base, is_model_unit=is_model_unit) for index in range(rng.randint(0, 2))
    )
    bought = [
        _commitment(rng, f"res-{index}", base, resources, is_model_unit=is_model_unit)
        for index in range(rng.randint(1, 3))
    ]
    shares = {found.commitment_id: share for found, share in bought if share is not None}
    return Case(
        org=f"org-{number:02d}",
        estate=CapacityEstate(
            capacities=resources,
            commitments=tuple(found for found, _ in bought),
            hourly_prices=((("model_unit_hour" if is_model_unit else "ptu_hour", "global", None), HOUR_PRICE),),
        ),
        upfront_shares=shares,
    )


def _capacity(rng: random.Random, resource_id: str, base: dt.datetime, *, is_model_unit: bool) -> ProvisionedCapacity:
    # Twentieths of an hour have few enough decimals to be told exactly.
    steps = sorted(rng.sample(range(-40, 400), rng.randint(1, 4)))
    moments = [base + dt.timedelta(minutes=3 * rng.randint(0, 19), hours=step) for step in steps]
    return ProvisionedCapacity(
        resource_id=resource_id,
        resource_name=resource_id,
        meter="model_unit_hour" if is_model_unit else "ptu_hour",
        levels=tuple((moment, rng.choice((0, 1, 7, 50, 100))) for moment in moments),
        region_id="east",
        model="toy-large",
        scope="global",
        deleted_at=moments[-1] + dt.timedelta(minutes=3 * rng.randint(1, 3000)),
    )


def _commitment(
    rng: random.Random,
    commitment_id: str,
    base: dt.datetime,
    resources: Sequence[ProvisionedCapacity],
    *,
    is_model_unit: bool,
) -> tuple[BoughtCommitment, Decimal | None]:
    starts_at = base + rng.choice((0, 1)) * dt.timedelta(seconds=rng.randint(1, 86399))
    term = rng.choice([*TERMS])
    ends_at = starts_at + TERMS[term]
    payment = rng.choice(
        ("upfront", "monthly", "hourly", "partial_upfront") if term != "P1W" else ("upfront", "hourly")
    )
    ended_at = starts_at + (ends_at - starts_at) * rng.randint(1, 99) / 100 if rng.random() < 0.25 else None
    bought = BoughtCommitment(
        commitment_id=commitment_id,
        contract_id="order-1",
        commitment_type="Reservation",
        meter="model_unit_hour" if is_model_unit else "ptu_hour",
        units=rng.choice((1, 3, 15, 70, 100)),
        term=term,
        starts_at=starts_at,
        ends_at=ends_at,
        # The truth knows no part that is paid at once: the hours that are covered are the same.
        payment="upfront" if payment == "partial_upfront" else payment,
        unit_price=Decimal(rng.randint(1, 10**6)) / Decimal(10**4),
        price_period=rng.choice(("hour", "month", "term") if term != "P1W" else ("hour", "term")),
        scope="global",
        region_id="east",
        model="toy-large" if is_model_unit else None,
        resource_id=rng.choice(resources).resource_id if is_model_unit and resources and rng.random() < 0.5 else None,
        ended_at=None if ended_at is None else ended_at.replace(microsecond=0),
    )
    share = Decimal(rng.randint(1, 999)) / 1000 if payment == "partial_upfront" else None
    return bought, share


CASES = [random_case(number) for number in range(ESTATES)]


def commitments_of(case: Case) -> Iterator[dict[str, Any]]:
    for bought in case.estate.commitments:
        share = case.upfront_shares.get(bought.commitment_id)
        yield commitment_row(
            case.org,
            commitment_id=bought.commitment_id,
            meter=bought.meter,
            quantity=Decimal(bought.units),
            term=bought.term,
            starts_at=bought.starts_at,
            ends_at=bought.ends_at,
            ended_at=bought.ended_at,
            payment=bought.payment if share is None else "partial_upfront",
            upfront_share=share,
            agreed_unit_price=bought.unit_price,
            agreed_price_period=bought.price_period,
            provider_model_id=bought.model,
            applies_to="resource" if bought.resource_id else "account",
            resource_id=bought.resource_id,
        )


def usage_of(case: Case) -> Iterator[dict[str, Any]]:
    for capacity in case.estate.capacities:
        hour = capacity.levels[0][0].replace(minute=0)
        while hour < (capacity.deleted_at or hour):
            if seconds := capacity.unit_seconds(hour, hour + HOUR):
                columns = {"resource_id": capacity.resource_id, "meter": capacity.meter}
                yield usage_row(case.org, hour, Decimal(seconds) / 3600, **columns)
            hour += HOUR


@pytest.fixture(scope="module")
def built(lake_folder: Path) -> CommitmentLake:
    lake = CommitmentLake(folder=lake_folder)
    for case in CASES:
        lake.add("genai_commitments", commitments_of(case))
        lake.add("genai_commitment_usage_raw", usage_of(case))
    lake.add("genai_commitment_usage_raw", [usage_row("clock", LAST_DAY, "1")])
    prices = [capacity_price_row(str(HOUR_PRICE), meter=meter) for meter in ("ptu_hour", "model_unit_hour")]
    lake.add("genai_capacity_price_book", prices)
    lake.write()
    lake.build(tests=False)
    return lake


@pytest.fixture(scope="module")
def truths() -> dict[str, CapacityTruth]:
    return {case.org: case.truth() for case in CASES}


def test_the_batch_has_commitments_of_every_kind() -> None:
    bought = [found for case in CASES for found in case.estate.commitments]
    assert {found.payment for found in bought} == {"upfront", "monthly", "hourly"}
    assert {found.price_period for found in bought} == {"hour", "month", "term"}
    assert {found.term for found in bought} == {*TERMS}
    assert any(case.upfront_shares for case in CASES)
    assert any(found.ended_at for found in bought)
    assert any(found.starts_at.second for found in bought)
    assert any(found.resource_id for found in bought)


def test_the_effective_cost_of_every_term_is_what_was_billed_for_it(built: CommitmentLake) -> None:
    rows = built.query("""
        select x_org_slug, commitment_id, sum(billed_cost) as billed, sum(effective_cost) as effective
        from genai_commitment_costs_daily where commitment_id is not null group by all
    """)
    assert len(rows) == sum(len(case.estate.commitments) for case in CASES)
    assert [row for row in rows if row["billed"] != row["effective"]] == []


def test_the_effective_cost_of_every_payments_time_is_that_payment(built: CommitmentLake) -> None:
    # Of terms that start at midnight, a day belongs to one payment.
    rows = built.query(
        """
        with payments as (
            select x_org_slug, commitment_id, charge_period_start, charge_period_end, billed_cost
            from genai_commitment_costs_daily
            where charge_category = 'Purchase' and charge_period_start = date_trunc('day', charge_period_start)
        )

        select
            payments.*,
            sum(effective_cost) as effective,
            date_diff('day', payments.charge_period_start, payments.charge_period_end) as days
        from payments
        inner join genai_commitment_costs_daily as costs using (x_org_slug, commitment_id)
        where costs.charge_category = 'Usage' and costs.charge_period_start >= payments.charge_period_start
            and costs.charge_period_end <= payments.charge_period_end
            and (x_org_slug, commitment_id) not in (
                select (x_org_slug, commitment_id) from genai_commitments where payment = 'partial_upfront'
            )
        group by all
    """.replace("genai_commitments", f"read_parquet('{built.settings.lake_url}/reference/genai_commitments.parquet')")
    )
    assert any(row["days"] == 29 for row in rows)
    assert [row for row in rows if row["billed_cost"] != row["effective"]] == []


def test_committed_hours_are_used_or_idle_and_what_was_provisioned_is_used_or_beyond(built: CommitmentLake) -> None:
    [broken] = built.query("""
        select count(*) as rows from genai_commitment_utilization_hourly
        where used_quantity + unused_quantity != committed_quantity
    """)
    differing = built.query("""
        with provisioned as (
            select x_org_slug, resource_id, usage_date, sum(quantity) as quantity
            from genai_commitment_usage_raw where x_org_slug != 'clock' group by all
        ),

        charged as (
            select x_org_slug, resource_id, usage_date, sum(quantity) as quantity
            from genai_commitment_costs_daily where resource_id is not null and x_org_slug != 'clock' group by all
        )

        select * from provisioned full join charged using (x_org_slug, resource_id, usage_date)
        where provisioned.quantity is distinct from charged.quantity
    """)
    assert broken["rows"] == 0
    assert differing == []


def test_nothing_is_negative(built: CommitmentLake) -> None:
    rows = built.query("""
        select * from genai_commitment_costs_daily
        where least(quantity, list_cost, contracted_cost, billed_cost, effective_cost, commitment_quantity) < 0
            or effective_cost is null
    """)
    assert rows == []


def test_every_commitment_is_used_and_idle_as_one_counts_by_hand(
    built: CommitmentLake, truths: dict[str, CapacityTruth]
) -> None:
    rows = built.query("""
        select x_org_slug, commitment_id, sum(committed_quantity) as committed, sum(used_quantity) as used
        from genai_commitment_utilization_hourly where commitment_id is not null group by all
    """)
    found = {(row["x_org_slug"], row["commitment_id"]): (row["committed"], row["used"]) for row in rows}
    for case in CASES:
        for bought in case.estate.commitments:
            hours = [hour for hour in truths[case.org].committed if hour.commitment_id == bought.commitment_id]
            committed, used = found[case.org, bought.commitment_id]
            # Of the whole term the last millionth is rounded away; of a part of an hour one more.
            assert 0 <= sum(hour.committed for hour in hours) - Fraction(committed) < Fraction(1, 10**6)
            assert abs(sum(hour.used for hour in hours) - Fraction(used)) < Fraction(5, 10**6)


def test_used_and_idle_hours_cost_what_one_works_out_by_hand(
    built: CommitmentLake, truths: dict[str, CapacityTruth]
) -> None:
    rows = built.query("""
        select x_org_slug, commitment_id, commitment_status, sum(effective_cost) as cost
        from genai_commitment_costs_daily where commitment_status is not null group by all
    """)
    found = {(row["x_org_slug"], row["commitment_id"], row["commitment_status"]): row["cost"] for row in rows}
    for case in CASES:
        for bought in case.estate.commitments:
            hours = [hour for hour in truths[case.org].committed if hour.commitment_id == bought.commitment_id]
            true = {
                "Used": sum(hour.effective_used for hour in hours),
                "Unused": sum(hour.effective_unused for hour in hours),
            }
            if bought.commitment_id in case.upfront_shares:
                continue
            for status, cost in true.items():
                engine = Fraction(found.get((case.org, bought.commitment_id, status), 0))
                assert abs(engine - cost) < ROUNDED, (case.org, bought, status)


def test_what_is_beyond_all_commitments_costs_its_hourly_price(
    built: CommitmentLake, truths: dict[str, CapacityTruth]
) -> None:
    rows = built.query("""
        select x_org_slug, sum(quantity) as quantity, sum(billed_cost) as cost from genai_commitment_costs_daily
        where commitment_id is null and x_org_slug != 'clock' group by all
    """)
    with localcontext(prec=60):
        wrong = [row for row in rows if row["cost"] != row["quantity"] * HOUR_PRICE]
    assert wrong == []
    found = {row["x_org_slug"]: Fraction(row["quantity"]) for row in rows}
    for org, true in truths.items():
        assert abs(sum((hour.unit_hours for hour in true.overage), Fraction(0)) - found.get(org, 0)) < Fraction(
            5, 10**6
        )
