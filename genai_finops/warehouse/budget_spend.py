"""What scopes spent by day, many at a time: what budgets are held against."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Literal

import polars as pl
import pyarrow as pa

from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.spend_rows import key_column, key_of, spend_relation
from genai_finops.warehouse.spend_scope import SpendScope

SpendMeasure = Literal["effective_cost", "billed_cost", "list_cost", "tokens"]

#: Scopes of one query. Each value is a parameter, of which BigQuery takes 10,000.
_SCOPES, _PARAMETERS = 4_000, 9_000
#: What few scopes want of a long time is not read for the many that want a month.
_LONG = dt.timedelta(days=62)
#: The default of 28 digits would round sums of 18 decimals.
_EXACT = Context(prec=60)
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSpend:
    """One scope and measure over the UTC days [since, until)."""

    scope: SpendScope
    measure: SpendMeasure
    #: ISO 4217; None exactly for tokens. Cost in other currencies is left out: see `other_currencies`.
    currency: str | None
    since: dt.date
    until: dt.date


_Numbered = tuple[int, WantedSpend]


def daily_spend(warehouse: ReadOnlyWarehouse, wanted: Sequence[WantedSpend]) -> list[Mapping[dt.date, Decimal]]:
    """Spend by UTC day of each of `wanted`, in their order; a day without spend has no entry.

    Exact, in the currency, or tokens. Scopes of one shape are read together. Closed days add up to FOCUS; on open days
    the requests of the logs stand in where they tell of more. A scope with a tag is measured by the requests in the
    logs on all days, because nothing else has tags: the bill may differ. Raises FinopsError where the table was never
    built.
    """
    found: list[Mapping[dt.date, Decimal]] = [{}] * len(wanted)
    for together in _together(wanted):
        rows = _rows(warehouse, [one for _, one in together])
        for measure, numbered in _by_measure(together).items():
            amounts = _matched(rows, numbered, measure, is_same_currency=measure != "tokens")
            for (number,), daily in _by_day(amounts, ["number"]):
                found[number] = daily
    return found


def other_currencies(
    warehouse: ReadOnlyWarehouse, wanted: Sequence[WantedSpend]
) -> list[Mapping[str, Mapping[dt.date, Decimal]]]:
    """What `daily_spend` left out of each of `wanted` because of its currency: by currency and UTC day.

    Nothing is left out of tokens.
    """
    found: list[dict[str, Mapping[dt.date, Decimal]]] = [{} for _ in wanted]
    for together in _together([one if one.currency else None for one in wanted]):
        rows = _rows(warehouse, [one for _, one in together])
        for measure, numbered in _by_measure(together).items():
            amounts = _matched(rows, numbered, measure, is_same_currency=False)
            others = amounts.filter(pl.col("currency") != pl.col("wanted_currency"))
            for (number, currency), daily in _by_day(others, ["number", "currency"]):
                found[number][currency] = daily
    return list(found)


def _by_day(amounts: pl.DataFrame, keys: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], dict[dt.date, Decimal]]]:
    """The amounts of each key by day. Whole columns at a time: there may be millions of them."""
    ordered = amounts.sort(*keys)
    by_number = {day.toordinal() - _EPOCH: day for day in amounts["usage_date"].unique().to_list()}
    days = list(map(by_number.__getitem__, ordered["usage_date"].to_physical().to_list()))
    exact = list(map(Decimal, ordered["amount"].cast(pl.String).to_list()))
    start = 0
    for *key, length in ordered.group_by(keys, maintain_order=True).len().iter_rows():
        end = start + length
        daily = dict(zip(days[start:end], exact[start:end], strict=True))
        # Several owners below one entity, or tokens of several currencies, spend on the same day.
        yield tuple(key), daily if len(daily) == length else _summed(days[start:end], exact[start:end])
        start = end


def _summed(days: Sequence[dt.date], amounts: Sequence[Decimal]) -> dict[dt.date, Decimal]:
    found: dict[dt.date, Decimal] = {}
    for day, amount in zip(days, amounts, strict=True):
        found[day] = _EXACT.add(found[day], amount) if day in found else amount
    return found


def _together(wanted: Sequence[WantedSpend | None]) -> Iterator[Sequence[_Numbered]]:
    """What one query answers: one shape, one tag, about the same time."""
    groups: defaultdict[tuple[object, ...], list[_Numbered]] = defaultdict(list)
    for number, one in enumerate(wanted):
        if one is None:
            continue
        tag = one.scope.as_mapping().get("tag", "").partition("=")[0]
        groups[one.scope.shape, tag, one.until - one.since > _LONG].append((number, one))
    for group in groups.values():
        yield from (group[start : start + _SCOPES] for start in range(0, len(group), _SCOPES))


def _by_measure(together: Sequence[_Numbered]) -> dict[SpendMeasure, list[_Numbered]]:
    found: defaultdict[SpendMeasure, list[_Numbered]] = defaultdict(list)
    for number, one in together:
        found[one.measure].append((number, one))
    return dict(found)


def _rows(warehouse: ReadOnlyWarehouse, wanted: Sequence[WantedSpend]) -> pl.DataFrame:
    """Sums as text by the dimensions of the shape, day and currency; more than the scopes where they are combined."""
    shape = wanted[0].scope.shape
    relation, parameters = spend_relation(warehouse, wanted[0].scope)
    keys = [f"{key_column(dimension)} as key_{dimension}" for dimension in shape]
    sums = [f"sum({measure}) as {measure}" for measure in sorted({one.measure for one in wanted})]
    conditions = ["x_ingestion_date >= ?", "x_ingestion_date < ?"]
    parameters += [min(one.since for one in wanted), max(one.until for one in wanted)]
    values = {dimension: sorted({key_of(one.scope, dimension) for one in wanted}) for dimension in shape}
    # The few first: organisations are what the table is clustered by.
    for dimension, named in sorted(values.items(), key=lambda item: len(item[1])):
        if dimension == "hierarchy":
            conditions.append(f"{key_column(dimension)} is not null")
        elif len(parameters) + len(named) <= _PARAMETERS:
            conditions.append(f"{key_column(dimension)} in ({', '.join('?' for _ in named)})")
            parameters += named
    sql = f"""
        select {", ".join([*keys, "usage_date", "currency", *sums])}
        from {relation}
        where {" and ".join(conditions)}
        group by {", ".join([*map(key_column, shape), "usage_date", "currency"])}
    """  # noqa: S608 - names of this package; values are parameters
    batches = list(warehouse.batches(sql, parameters))
    if not batches:
        names = [*(f"key_{dimension}" for dimension in shape), "currency", *sorted({one.measure for one in wanted})]
        return pl.DataFrame(schema={**dict.fromkeys(names, pl.String), "usage_date": pl.Date})
    rows = pl.DataFrame(_narrowed(pa.Table.from_batches(batches)))
    if "hierarchy" in shape:
        # An entity's spend is that of everything below it.
        rows = rows.with_columns(pl.col("key_hierarchy").str.split("/").list.unique()).explode("key_hierarchy")
    return rows


def _narrowed(rows: pa.Table) -> pa.Table:
    """BigQuery's sums have 76 digits, which polars does not know."""
    for place, column in enumerate(rows.schema):
        if pa.types.is_decimal256(column.type):
            rows = rows.set_column(place, column.name, rows.column(place).cast(pa.string()))
    return rows


def _matched(
    rows: pl.DataFrame, numbered: Sequence[_Numbered], measure: SpendMeasure, *, is_same_currency: bool
) -> pl.DataFrame:
    shape = numbered[0][1].scope.shape
    keys = [f"key_{dimension}" for dimension in shape]
    asked = pl.DataFrame(
        {
            **{f"key_{dimension}": [key_of(one.scope, dimension) for _, one in numbered] for dimension in shape},
            "wanted_currency": pl.Series([one.currency for _, one in numbered], dtype=pl.String),
            "since": [one.since for _, one in numbered],
            "until": [one.until for _, one in numbered],
            "number": [number for number, _ in numbered],
        }
    )
    known = rows.select(*keys, "usage_date", "currency", pl.col(measure).alias("amount")).drop_nulls("amount")
    left, right = (["currency"], ["wanted_currency"]) if is_same_currency else ([], [])
    if left or keys:
        joined = known.join(asked, left_on=[*keys, *left], right_on=[*keys, *right])
    else:
        joined = known.join(asked, how="cross")
    return joined.filter(pl.col("usage_date") >= pl.col("since"), pl.col("usage_date") < pl.col("until"))
