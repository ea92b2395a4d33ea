"""How much of the cost has a consumer, by organisation and provider, and why the rest has none. For operators."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse

_TABLE = "genai_attribution_coverage_daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCoverage:
    """Effective cost of one organisation at one provider, and the part of it that has a consumer."""

    org: str
    provider: str
    currency: str
    effective_cost: Decimal
    attributed_cost: Decimal

    @property
    def share(self) -> Decimal | None:
        """The part as a ratio; None without cost."""
        return self.attributed_cost / self.effective_cost if self.effective_cost else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGap:
    """Effective cost of one organisation at one provider that has no consumer for one reason."""

    org: str
    provider: str
    reason: str
    currency: str
    unattributed_cost: Decimal
    #: Charges that the cost is of, wholly or in part.
    charges: int


def provider_coverage(
    warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date, *, org: str | None = None
) -> tuple[ProviderCoverage, ...]:
    """Coverage of the days first to last, both inclusive, of one organisation or of all.

    Raises FinopsError where the table was never built.
    """
    rows = _rows(
        warehouse,
        "sum(effective_cost) as effective_cost, sum(attributed_cost) as attributed_cost",
        ("x_org_slug", "provider", "currency"),
        (),
        (first, last, org),
    )
    return tuple(
        ProviderCoverage(org=slug, provider=provider, currency=currency, effective_cost=cost, attributed_cost=part)
        for slug, provider, currency, cost, part in rows
    )


def coverage_gaps(
    warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date, *, org: str | None = None
) -> tuple[CoverageGap, ...]:
    """Why cost of the days first to last, both inclusive, has no consumer; of one organisation or of all.

    Raises FinopsError where the table was never built.
    """
    rows = _rows(
        warehouse,
        "sum(effective_cost - attributed_cost) as unattributed_cost, count(*) as charges",
        ("x_org_slug", "provider", "unattributed_reason", "currency"),
        ("unattributed_reason is not null",),
        (first, last, org),
    )
    return tuple(
        CoverageGap(
            org=slug, provider=provider, reason=reason, currency=currency, unattributed_cost=cost, charges=charges
        )
        for slug, provider, reason, currency, cost, charges in rows
    )


def _rows(
    warehouse: ReadOnlyWarehouse,
    sums: str,
    keys: tuple[str, ...],
    conditions: tuple[str, ...],
    of: tuple[dt.date, dt.date, str | None],
) -> list[tuple[Any, ...]]:
    if not warehouse.has_table(_TABLE):
        raise FinopsError(
            f"The warehouse has no table {_TABLE}",
            remedy="Ingest usage and request logs, and run `genai-finops transform` first",
        )
    first, last, org = of
    whose = () if org is None else ("x_org_slug = ?",)
    sql = f"""
        select {", ".join(keys)}, {sums}
        from {_TABLE}
        where {" and ".join(("x_ingestion_date >= ?", "x_ingestion_date <= ?", *whose, *conditions))}
        group by {", ".join(keys)}
        order by {", ".join(keys)}
    """  # noqa: S608 - names of this file; values are parameters
    return warehouse.rows(sql, [first, last, *([] if org is None else [org])])
