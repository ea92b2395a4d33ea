"""Reserved capacity that nothing uses, and plans whose seats nobody takes."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.warehouse.advice_query import AdviceQuery
from genai_finops.warehouse.base import ReadOnlyWarehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentUse:
    """A commitment in a period. idle_units were unused in every one of its hours; unit-hours, cost in currency."""

    org: str
    provider: str
    account: str
    meter: str
    commitment: str
    currency: str
    days: int
    first_day: dt.date
    last_day: dt.date
    hours: int
    idle_units: Decimal
    unit_hours: Decimal
    unused_hours: Decimal
    cost: Decimal
    unused_cost: Decimal


_OF_COMMITMENT = "x_org_slug = ? and provider = ? and x_genai_account_id = ? and meter = ? and commitment_id = ?"
_DAYS = "x_ingestion_date >= ? and x_ingestion_date <= ?"


def commitment_use(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> list[CommitmentUse]:
    """All commitments with a cost on the days first to last, both inclusive, in their order."""
    key = "x_org_slug, provider, x_genai_account_id, meter, commitment_id"
    sql = f"""
        with by_hour as (
            select {key}, hour_start, sum(unused_quantity) as unused
            from genai_commitment_utilization_hourly
            where {_DAYS} and commitment_id is not null
            group by {key}, hour_start
        ),

        hours as (select {key}, count(*) as hours, min(unused) as idle_units from by_hour group by {key}),

        days as (
            select
                {key}, currency, count(distinct usage_date) as days,
                min(usage_date) as first_day, max(usage_date) as last_day,
                sum(committed_quantity) as unit_hours, sum(unused_quantity) as unused_hours,
                sum(effective_cost) as cost, sum(unused_cost) as unused_cost
            from genai_commitment_utilization_daily
            where {_DAYS} and commitment_id is not null and currency is not null
            group by {key}, currency
        )

        select
            {", ".join(f"days.{name}" for name in key.split(", "))}, days.currency, days.days,
            days.first_day, days.last_day, hours.hours, hours.idle_units,
            days.unit_hours, days.unused_hours, days.cost, days.unused_cost
        from days
        inner join hours
            on {" and ".join(f"hours.{name} = days.{name}" for name in key.split(", "))}
        where days.cost > 0
        order by 1, 2, 3, 4, 5, 6
    """  # noqa: S608 - names of this file; values are parameters
    return [
        CommitmentUse(
            **dict(zip(CommitmentUse.__dataclass_fields__, row, strict=True))  # the columns are in the order of fields
        )
        for row in warehouse.rows(sql, [first, last, first, last])
    ]


def idle_query(use: CommitmentUse, *, units: int, hourly_price: Decimal, first: dt.date, last: dt.date) -> AdviceQuery:
    """The hours of a commitment in which this many of its units were unused, at what a unit cost for an hour."""
    sql = f"""
    with by_hour as (
        select hour_start, sum(committed_quantity) as committed_units, sum(unused_quantity) as unused_units
        from genai_commitment_utilization_hourly
        where {_OF_COMMITMENT} and {_DAYS}
        group by hour_start
    )

    select
        count(*) as hours,
        min(committed_units) as committed_units,
        min(unused_units) as units_unused_in_every_hour,
        sum(case when unused_units >= ? then 1 else 0 end) * ? * ? as saving
    from by_hour
    """  # noqa: S608 - text of this file; values are parameters
    key = (use.org, use.provider, use.account, use.meter, use.commitment)
    return AdviceQuery(sql=sql, parameters=(*key, first, last, units, units, hourly_price))


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """Capacity of which a load needs less, as the warehouse reckons it: units, and money for 30 days."""

    org: str
    provider: str
    account: str
    meter: str
    model: str
    region: str
    scope: str
    currency: str
    units: Decimal
    current_units: Decimal
    committed_units: Decimal
    peak_units: Decimal
    saving: Decimal
    first_day: dt.date
    last_day: dt.date
    confidence: str


_LOAD = (
    *("x_org_slug", "provider", "x_genai_account_id", "meter", "coalesce(model_id, '')", "coalesce(region_id, '')"),
    *("coalesce(scope, '')", "currency"),
)


def oversized_capacity(warehouse: ReadOnlyWarehouse) -> list[Oversized]:
    """Of each load the release of capacity that saves most, whichever term it is looked at for."""
    key = ", ".join(_LOAD)
    sql = f"""
        with placed as (
            select
                {key}, action_units, current_units, committed_units, peak_load_units, contracted_saving,
                first_day, last_day, confidence,
                row_number() over (
                    partition by {key} order by contracted_saving desc, action_units, coalesce(term, '')
                ) as place
            from genai_commitment_advice
            where action = 'release' and commitment_id is null and contracted_saving > 0
        )

        select * from placed where place = 1
        order by 1, 2, 3, 4, 5, 6, 7, 8
    """  # noqa: S608 - names of this file
    fields = tuple(Oversized.__dataclass_fields__)
    return [Oversized(**dict(zip(fields, row[:-1], strict=True))) for row in warehouse.rows(sql)]


def oversized_query(found: Oversized) -> AdviceQuery:
    """What the warehouse says of the load."""
    condition = " and ".join(f"{column} = ?" for column in _LOAD)
    sql = f"""
    select
        max(current_units) as current_units,
        max(peak_load_units) as peak_load_units,
        max(mean_load_units) as mean_load_units,
        max(contracted_saving) as saving
    from genai_commitment_advice
    where action = 'release' and commitment_id is null and {condition}
    """  # noqa: S608 - names of this file; values are parameters
    values = (found.org, found.provider, found.account, found.meter, found.model, found.region, found.scope)
    return AdviceQuery(sql=sql, parameters=(*values, found.currency))


def plan_query(
    *, org: str, provider: str, seats: int, monthly_price: Decimal, first: dt.date, last: dt.date
) -> AdviceQuery:
    """Seats of a plan that nobody took: all without usage of the provider, else those above the users that are known.

    The saving is that of a month.
    """
    sql = """
    with used as (
        select
            (
                select count(distinct user_id) from genai_usage_events
                where x_org_slug = ? and provider = ? and x_ingestion_date >= ? and x_ingestion_date <= ?
            ) as users,
            (
                select count(*) from genai_usage_daily_unified
                where x_org_slug = ? and provider = ? and x_ingestion_date >= ? and x_ingestion_date <= ?
            ) as usage_rows
    ),

    seats as (
        select
            users,
            usage_rows,
            case
                when usage_rows = 0 and users = 0 then ?
                when users = 0 then 0
                else greatest(? - users, 0)
            end as unused_seats
        from used
    )

    select users, usage_rows, unused_seats, unused_seats * ? as saving
    from seats
    """
    used = (org, provider, first, last)
    return AdviceQuery(sql=sql, parameters=(*used, *used, seats, seats, monthly_price))
