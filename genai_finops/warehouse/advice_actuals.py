"""What was really paid: sums that a realised saving is measured with."""

import datetime as dt
from decimal import Decimal

from genai_finops.warehouse.base import ReadOnlyWarehouse

_DAYS = "x_ingestion_date >= ? and x_ingestion_date <= ?"


def capacity_cost(
    warehouse: ReadOnlyWarehouse, *, org: str, provider: str, account: str, meter: str, first: dt.date, last: dt.date
) -> Decimal:
    """Cost of all capacity of a meter on these days, both inclusive."""
    return _sum(
        warehouse,
        f"""
        select sum(effective_cost) from genai_commitment_utilization_daily
        where x_org_slug = ? and provider = ? and x_genai_account_id = ? and meter = ? and {_DAYS}
        """,  # noqa: S608 - text of this file; values are parameters
        [org, provider, account, meter, first, last],
    )


def unused_cost(
    warehouse: ReadOnlyWarehouse, *, org: str, provider: str, commitment: str, first: dt.date, last: dt.date
) -> Decimal:
    """What was paid for unused hours of a commitment on these days, both inclusive."""
    return _sum(
        warehouse,
        f"""
        select sum(unused_cost) from genai_commitment_utilization_daily
        where x_org_slug = ? and provider = ? and commitment_id = ? and {_DAYS}
        """,  # noqa: S608 - text of this file; values are parameters
        [org, provider, commitment, first, last],
    )


def _sum(warehouse: ReadOnlyWarehouse, sql: str, parameters: list[object]) -> Decimal:
    total: Decimal | None = warehouse.rows(sql, parameters)[0][0]
    return total if total is not None else Decimal()
