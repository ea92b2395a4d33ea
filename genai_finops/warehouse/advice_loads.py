"""What a task sends to a model: its quantities and cost by all that decides a price, from the allocated charges."""

# ruff: noqa: S608 - statements are put together from those of this file; values are parameters

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from genai_finops.warehouse.advice_query import AdviceQuery, Parameter
from genai_finops.warehouse.base import ReadOnlyWarehouse

_TABLE = "cost_data_standard_1_3_allocated"
_LOAD = (
    *("x_OrgSlug", "lower(x_GenaiProvider)", "coalesce(x_GenaiAccountId, '')", "coalesce(x_TaskId, '')", "x_ModelId"),
    *("x_ServiceTier", "BillingCurrency"),
)
_LINE = ("x_Meter", "coalesce(x_ContextBand, '')", "coalesce(x_Geography, '')", "coalesce(x_Variant, '')")
_USAGE = "x_Flow = 'payg' and ChargeCategory = 'Usage' and x_ModelId is not null and x_ServiceTier is not null"
_DAYS = "x_IngestionDate >= ? and x_IngestionDate <= ?"
_OF_LOAD = " and ".join(f"{column} = ?" for column in _LOAD)
_NUMBERS = """
    sum(ConsumedQuantity) as quantity,
    sum(EffectiveCost) as cost,
    sum(case when x_AllocationMethod = 'logged_quantity' then EffectiveCost else 0 end) as measured_cost,
    sum(case when x_IsEstimated then 0 else ConsumedQuantity end) as priced_quantity
"""


@dataclass(frozen=True, slots=True, order=True)
class LoadKey:
    """Traffic of one task at one model, account and tier. An empty task is traffic of which no task is known."""

    org: str
    provider: str
    account: str
    task: str
    model: str
    tier: str
    currency: str

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.requests_key, self.currency)

    @property
    def requests_key(self) -> tuple[str, ...]:
        """The same as requests are counted, whatever currency they are priced in."""
        return (self.org, self.provider, self.account, self.task, self.model, self.tier)


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What of a load has one price. An empty text is none."""

    meter: str
    band: str
    geography: str
    variant: str

    @property
    def parameters(self) -> tuple[str, str, str, str]:
        return (self.meter, self.band, self.geography, self.variant)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """Quantity in consumed units, and cost in the load's currency."""

    key: LineKey
    quantity: Decimal
    cost: Decimal
    measured_cost: Decimal
    priced_quantity: Decimal

    @property
    def unit_price(self) -> Decimal:
        """What one unit cost on average."""
        return (self.cost / self.quantity).quantize(Decimal("1e-18")) if self.quantity else Decimal()


@dataclass(slots=True, kw_only=True)
class Load:
    """All lines of a load, and on how many days of the period it was seen."""

    key: LoadKey
    days: int = 0
    lines: list[LoadLine] = field(default_factory=list)

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), Decimal())

    @property
    def quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), Decimal())

    @property
    def measured_share(self) -> Decimal:
        return _share(sum((line.measured_cost for line in self.lines), Decimal()), self.cost)

    @property
    def priced_share(self) -> Decimal:
        return _share(sum((line.priced_quantity for line in self.lines), Decimal()), self.quantity)

    def of_meters(self, *meters: str) -> tuple[Decimal, Decimal]:
        """Quantity and cost of these meters."""
        lines = [line for line in self.lines if line.key.meter in meters]
        return sum((line.quantity for line in lines), Decimal()), sum((line.cost for line in lines), Decimal())


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return min(max(part / whole, Decimal()), Decimal(1)) if whole else Decimal()


def loads(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> list[Load]:
    """The loads of all organisations on the days first to last, both inclusive, in their order."""
    key, line = ", ".join(_LOAD), ", ".join(_LINE)
    found: dict[LoadKey, Load] = {}
    lines = f"select {key}, {line}, {_NUMBERS} from {_TABLE} where {_USAGE} and {_DAYS} group by {key}, {line}"
    for row in sorted(warehouse.rows(lines, [first, last]), key=lambda row: row[:11]):
        load_key = LoadKey(*row[:7])
        quantity, cost, measured, priced = (Decimal(value) for value in row[11:])
        found.setdefault(load_key, Load(key=load_key)).lines.append(
            LoadLine(
                key=LineKey(*row[7:11]), quantity=quantity, cost=cost, measured_cost=measured, priced_quantity=priced
            )
        )
    days = f"""
        select {key}, count(distinct x_IngestionDate)
        from {_TABLE} where {_USAGE} and {_DAYS} group by {key}
    """
    for row in warehouse.rows(days, [first, last]):
        found[LoadKey(*row[:7])].days = int(row[7])
    return list(found.values())


def first_days(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> dict[str, tuple[dt.date, dt.date]]:
    """The first and last day with a charge of each organisation within first to last, both inclusive."""
    sql = f"""
        select x_OrgSlug, min(x_IngestionDate), max(x_IngestionDate) from {_TABLE} where {_DAYS} group by x_OrgSlug
    """
    return {org: (begin, end) for org, begin, end in warehouse.rows(sql, [first, last])}


def context_bands(warehouse: ReadOnlyWarehouse) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    """The lengths of prompts that a provider's context band stands for: tokens above, and up to."""
    sql = """
        select distinct provider, context_band, context_tokens_above, context_tokens_up_to
        from genai_payg_costs_daily where context_band is not null
    """
    return {(provider, band): (above, up_to) for provider, band, above, up_to in warehouse.rows(sql)}


def repricing_query(key: LoadKey, prices: Mapping[LineKey, Decimal], first: dt.date, last: dt.date) -> AdviceQuery:
    """What the load cost, what its quantities cost at these prices for a consumed unit, and the difference."""
    listed = sorted(prices.items())
    rows = "\n        union all ".join(
        [
            "select ? as meter, ? as context_band, ? as geography, ? as variant, ? as unit_price",
            *["select ?, ?, ?, ?, ?"] * (len(listed) - 1),
        ]
    )
    sql = f"""
    with prices as (
        {rows}
    ),

    traffic as (
        select
            x_Meter as meter,
            coalesce(x_ContextBand, '') as context_band,
            coalesce(x_Geography, '') as geography,
            coalesce(x_Variant, '') as variant,
            sum(ConsumedQuantity) as quantity,
            sum(EffectiveCost) as cost
        from {_TABLE}
        where {_USAGE} and {_OF_LOAD} and {_DAYS}
        group by 1, 2, 3, 4
    )

    select
        sum(traffic.cost) as cost_now,
        sum(traffic.quantity * prices.unit_price) as cost_then,
        sum(traffic.cost - traffic.quantity * prices.unit_price) as saving
    from traffic
    inner join prices
        on prices.meter = traffic.meter and prices.context_band = traffic.context_band
        and prices.geography = traffic.geography and prices.variant = traffic.variant
    """
    values: list[Parameter] = []
    for line, price in listed:
        values += [*line.parameters, price]
    return AdviceQuery(sql=sql, parameters=(*values, *key.parameters, first, last))


def lines_of(
    warehouse: ReadOnlyWarehouse, keys: Sequence[LoadKey], first: dt.date, last: dt.date
) -> list[tuple[LineKey, Decimal, Decimal]]:
    """Quantity and cost of these loads together, by line, on the days first to last, both inclusive."""
    line = ", ".join(_LINE)
    found: dict[LineKey, tuple[Decimal, Decimal]] = {}
    for key in keys:
        sql = f"""
            select {line}, sum(ConsumedQuantity), sum(EffectiveCost)
            from {_TABLE} where {_USAGE} and {_OF_LOAD} and {_DAYS} group by {line}
        """
        for row in warehouse.rows(sql, [*key.parameters, first, last]):
            quantity, cost = found.get(LineKey(*row[:4]), (Decimal(), Decimal()))
            found[LineKey(*row[:4])] = (quantity + row[4], cost + row[5])
    return [(key, *numbers) for key, numbers in sorted(found.items())]


def last_charged_day(warehouse: ReadOnlyWarehouse, *, before: dt.date) -> dt.date | None:
    """The last day before another on which anyone has a charge."""
    sql = f"select max(x_IngestionDate) from {_TABLE} where x_IngestionDate < ?"
    day: dt.date | None = warehouse.rows(sql, [before])[0][0]
    return day
