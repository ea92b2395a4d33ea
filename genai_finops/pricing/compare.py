"""The same usage at two prices: what each costs, and why it differs. Nothing is stored.

What a row costs is said by the rating engine; here rows are only laid side by side and added up.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
import pyarrow as pa

from genai_finops.pricing.rating_engine import RatingEngine

#: The days of a comparison: first and last, both inclusive; None where it has no such end.
Days = tuple[dt.date | None, dt.date | None]

_RATED = (
    *(
        "pricing_status",
        "contracted_pricing_id",
        "currency",
        "free_quantity",
        "list_unit_price",
        "contracted_unit_price",
    ),
    *("effective_cost", "cost_lower_bound", "cost_upper_bound"),
)
_GROUP = ("usage_date", "provider", "model", "currency", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCosts:
    """Usage of one day, provider and model whose cost differs for one reason.

    A cost is None where nothing of it is priced. Reasons are those of `genai_repricing_queue`.
    """

    usage_date: dt.date
    provider: str
    #: Canonical model as the warehouse resolved it, else the provider's spelling; None for what has no model.
    model: str | None
    currency: str
    reason: str
    old_cost: Decimal | None
    new_cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTotal:
    """All usage that was compared, in one currency, what costs the same included; costs are without unpriced rows."""

    currency: str
    old_cost: Decimal
    new_cost: Decimal
    rows: int
    old_unpriced_rows: int
    new_unpriced_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs, by day, provider, model and reason, and the totals."""

    differences: tuple[ComparedCosts, ...]
    totals: tuple[ComparedTotal, ...]
    #: Rows of the price table that gave a contracted price in the new rating.
    new_pricing_ids: frozenset[str]


def usage_frame(batches: Iterable[pa.RecordBatch]) -> pl.DataFrame:
    """Usage of the warehouse, as `warehouse.rating_usage` reads it, with the columns that the engine takes."""
    columns: dict[str, pl.DataType] = {
        **dict.fromkeys(
            ("provider", "provider_model_id", "model_id", "meter", "service_tier", "geography"), pl.String()
        ),
        **dict.fromkeys(("variant", "x_org_slug", "x_genai_account_id"), pl.String()),
        **dict.fromkeys(("context_tokens_above", "context_tokens_up_to"), pl.Int64()),
        "usage_date": pl.Date(),
        "quantity": pl.Decimal(26, 6),
    }
    empty = pl.DataFrame(schema=columns)
    frames = [
        pl.DataFrame(pa.Table.from_batches([batch])).select(*columns).cast(pl.Schema(columns)) for batch in batches
    ]
    return pl.concat([empty, *frames]).with_row_index("usage_id").with_columns(pl.col("usage_id").cast(pl.String()))


def compare(usage: pl.DataFrame, *, old: RatingEngine, new: RatingEngine, days: Days) -> Comparison:
    """Costs of the usage of these days under both. Usage of earlier days counts for allowances and volume tiers only.

    `usage` is a usage_frame. Where a price is tied between two rates of one day, model and direction, an allowance may
    fall to another of them than in the warehouse; the sum of the model's day is the same.
    """
    named = usage.select("usage_id", "usage_date", "provider", model=pl.coalesce("model_id", "provider_model_id"))
    rated = named.join(_sided(old.rate(usage), "old"), on="usage_id").join(
        _sided(new.rate(usage), "new"), on="usage_id"
    )
    first, last = days
    compared = rated.filter(
        pl.col("usage_date") >= (first or dt.date.min), pl.col("usage_date") <= (last or dt.date.max)
    ).with_columns(currency=pl.coalesce("new_currency", "old_currency"), reason=_reason())
    differing = (
        compared.filter(pl.col("reason").is_not_null())
        .group_by(_GROUP)
        .agg(_sum("old_effective_cost").alias("old_cost"), _sum("new_effective_cost").alias("new_cost"))
        .sort(_GROUP, nulls_last=True)
    )
    totals = (
        compared.group_by("currency")
        .agg(
            pl.col("old_effective_cost").sum().alias("old_cost"),
            pl.col("new_effective_cost").sum().alias("new_cost"),
            pl.len().alias("rows"),
            (pl.col("old_pricing_status") == "unpriced").sum().alias("old_unpriced_rows"),
            (pl.col("new_pricing_status") == "unpriced").sum().alias("new_unpriced_rows"),
        )
        .sort("currency")
    )
    return Comparison(
        differences=tuple(ComparedCosts(**row) for row in differing.iter_rows(named=True)),
        totals=tuple(ComparedTotal(**row) for row in totals.iter_rows(named=True)),
        new_pricing_ids=frozenset(compared["new_contracted_pricing_id"].drop_nulls()),
    )


def _sided(rated: pl.DataFrame, side: str) -> pl.DataFrame:
    return rated.select("usage_id", *(pl.col(name).alias(f"{side}_{name}") for name in _RATED))


def _sum(name: str) -> pl.Expr:
    """A sum that is null where nothing of it is priced."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def _differs(*names: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(f"old_{name}").ne_missing(pl.col(f"new_{name}")) for name in names)


def _reason() -> pl.Expr:
    """As in dbt_project/models/flows/payg/genai_repricing_queue.sql; null where nothing differs."""
    was_priced = pl.col("old_contracted_unit_price").is_not_null()
    is_priced = pl.col("new_contracted_unit_price").is_not_null()
    return (
        pl.when(~was_priced & is_priced)
        .then(pl.lit("price_added"))
        .when(was_priced & ~is_priced)
        .then(pl.lit("price_removed"))
        .when(_differs("currency", "list_unit_price", "contracted_unit_price"))
        .then(pl.lit("price_changed"))
        .when(_differs("pricing_status"))
        .then(pl.lit("status_changed"))
        .when(_differs("effective_cost", "free_quantity"))
        .then(pl.lit("allowance_or_volume"))
        .when(_differs("cost_lower_bound", "cost_upper_bound"))
        .then(pl.lit("price_changed"))
    )
