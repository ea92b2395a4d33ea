"""The SQL of dbt that rates usage, on tables in memory: the one engine for all that is rated outside the warehouse.

The statements in `sql/` are rendered from the dbt project; nothing here knows how a price is found or what a row
costs. The prices of a rating key are resolved once and kept in a table, so that what has a known key is rated by one
join.
"""

# ruff: noqa: S608 - statements are put together from those of the package; values are parameters or tables

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing import rating_statements as statements
from genai_finops.pricing.knowledge import as_known, believed

_BOOK = {"prices": "genai_price_book", "factors": "genai_price_factors", "alias_rules": "genai_model_alias_rules"}
_RATES_ON_DAY = """
    select *
    from rates_of_all_sources
    where provider = ?
        and (
            model_id is null
            or model_id in (
                select model_id
                from spelled_models
                where provider = ? and provider_model_id = ? and valid_from <= ? and ? < valid_until
            )
        )
        and (meter is null or meter = ?)
        and valid_from <= ?
        and ? < valid_until
    order by priority, pricing_type, service_tier, geography, context_tokens_above
"""
_CHARGES_OF_LISTS = statements.charges(statements.LISTS)
_REGISTERS = {"meters": "genai_meters", "providers": "genai_providers", "accounts": "genai_provider_accounts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTables:
    """What prices are made of, in the shapes of `genai_price_book`, `genai_price_factors`, `genai_model_alias_rules`,
    `genai_meters`, `genai_providers` and `genai_provider_accounts`.
    """

    prices: pl.DataFrame
    factors: pl.DataFrame
    alias_rules: pl.DataFrame
    meters: pl.DataFrame
    providers: pl.DataFrame
    accounts: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPrice:
    """The prices of one rating key and owner in a period in which they do not change.

    `status` and `reason` are as in `genai_payg_costs_daily`, the origin is that of the contracted price. Unit prices
    are for one consumed unit, a token; the quoted one is for a pricing unit, a million tokens.
    """

    #: usage_id of the row whose prices were asked for.
    asked_id: str
    resolved_id: int
    valid_from: dt.date
    valid_until: dt.date
    status: str
    reason: str | None
    currency: str | None
    pricing_unit: str | None
    quoted_price: Decimal | None
    list_unit_price: Decimal | None
    unit_price: Decimal | None
    list_source: str | None
    pricing_id: str | None
    pricing_type: str | None
    source: str | None
    source_version: str | None
    source_reference: str | None
    rate_valid_from: dt.date | None
    discount: Decimal | None
    #: Whether what the owner used earlier decides the cost: an allowance or volume tiers.
    is_pooled: bool
    has_allowance: bool
    has_volume_tiers: bool
    #: What shares the allowance and the tiers: Input, Output, or the meter.
    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a quantity costs at a resolved price, in its currency; None where there is no price."""

    pricing_quantity: Decimal
    list_cost: Decimal | None
    effective_cost: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None


class RatingEngine:
    """A price book, opened for rating. It serves one caller at a time; others wait.

    `known_at` rates with what the book knew at that moment, else with what it knows now. The price table is made once.
    """

    def __init__(self, tables: RatingTables, known_at: dt.datetime | None = None, *, threads: int = 1) -> None:
        self.known_at = known_at
        #: Prices that were asked for, in all periods, by kind of request and meter.
        self.periods: dict[tuple[tuple[object, ...], str], Sequence[ResolvedPrice]] = {}
        self._lock = threading.RLock()
        self._connection = duckdb.connect(":memory:", config={"threads": threads})
        # A cast between dates and moments follows the zone of the session; days are UTC.
        self._connection.execute("set TimeZone = 'UTC'")
        for field, name in _BOOK.items():
            frame: pl.DataFrame = getattr(tables, field)
            self._load(name, believed(frame) if known_at is None else as_known(frame, known_at))
        for field, name in _REGISTERS.items():
            self._load(name, getattr(tables, field))
        for statement in statements.set_up():
            self._connection.execute(statement)
        # A few rows by one small join: parsing it anew and looking for a better plan took twice the time of the rest.
        self._few_rows = self._connection.cursor()
        self._few_rows.execute("pragma disable_optimizer")
        (self._charges_of_lists,) = self._few_rows.extract_statements(_CHARGES_OF_LISTS)
        self.providers = frozenset(row[0] for row in self._rows("select provider from genai_providers"))
        #: Organisations whose prices may differ from everyone's.
        self.priced_orgs = frozenset(row[0] for row in self._rows("select x_org_slug from priced_orgs"))
        #: Days on which a rule that recognises models begins or ends, ascending.
        self.rule_days: Sequence[dt.date] = [row[0] for row in self._rows("select day from rule_days order by day")]
        #: Lengths of prompts at which a price of the provider may change, ascending.
        self.context_edges: Mapping[str, Sequence[int]] = {
            row[0]: row[1] for row in self._rows("select provider, context_edges from provider_bands")
        }

    def rate(self, usage: pl.DataFrame) -> pl.DataFrame:
        """What each row of usage costs, in the order in which the rows came.

        `usage` has the columns of USAGE_COLUMNS; further ones are not looked at. What comes out has usage_id and the
        cost columns of `genai_payg_costs_daily`. Allowances and volume tiers are used up by these rows alone, in
        order of their days. Raises FinopsError for columns that are missing, and for a usage_id that two rows have.
        """
        missing = [name for name in statements.USAGE_SCHEMA if name not in usage.columns]
        if missing:
            raise FinopsError(f"usage has no column {', '.join(missing)}", remedy="Add it; values may be null")
        if usage["usage_id"].is_duplicated().any() or usage["usage_id"].null_count():
            raise FinopsError("usage_id is not unique in the usage", remedy="Number the rows")
        with self._lock:
            self._give(usage.select(list(statements.USAGE_SCHEMA)))
            return self._frame(
                f"select rated.* from given_usage inner join ({statements.rated()}) as rated"
                " on rated.usage_id = given_usage.usage_id order by given_usage.usage_row"
            )

    def price_table(self) -> pl.DataFrame:
        """All prices, shape of `genai_payg_pricing`."""
        with self._lock:
            return self._frame("select * from genai_payg_pricing")

    def alias_rules(self) -> pl.DataFrame:
        """The rules that recognise models, with those of names that the catalogue does not have."""
        with self._lock:
            return self._frame("select * from int_pricing__alias_rules")

    def rates_of_all_sources(self, provider: str, spelling: str, meter: str, day: dt.date) -> pl.DataFrame:
        """What every source says of a model's meter on a day, the precedence decided or not: the best priority first.

        Columns as in the price table, but for pricing_id, pricing_unit and pricing_block. The spelling has been rated
        before.
        """
        with self._lock:
            self._connection.execute(
                f"create table if not exists rates_of_all_sources as {statements.rendered('rates_of_all_sources')}"
            )
            return self._frame(_RATES_ON_DAY, params=[provider, provider, spelling, day, day, meter, day, day])

    def prices_of(self, usage: pl.DataFrame) -> list[ResolvedPrice]:
        """The prices of the usage in all periods, in their order; its days only choose the rules of model names."""
        return [ResolvedPrice(**row) for row in self.prices_frame(usage).iter_rows(named=True)]

    def prices_frame(self, usage: pl.DataFrame) -> pl.DataFrame:
        """The same as a frame with the fields of ResolvedPrice as columns."""
        with self._lock:
            self._give(usage)
            self._connection.execute(statements.PERIODS)
            return self._frame(statements.resolved_prices())

    def charges(self, quantities: Sequence[tuple[int, Decimal]]) -> list[Charge]:
        """What quantities cost at resolved prices: (resolved_id, quantity in consumed units) each, in their order.

        Allowances and volume tiers have no part in it.
        """
        if not quantities:
            return []
        ids, amounts = zip(*quantities, strict=True)
        with self._lock:
            rows = self._few_rows.execute(
                self._charges_of_lists, [[*range(len(ids))], [*ids], [*map(str, amounts)]]
            ).fetchall()
        return [
            Charge(pricing_quantity=quantity, list_cost=listed, effective_cost=cost, lower_bound=low, upper_bound=high)
            for _, quantity, listed, cost, low, high in sorted(rows, key=lambda row: int(row[0]))
        ]

    def charges_of(self, quantities: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        """The same for many: usage_id, resolved_id and quantity come in; usage_id and some of list_cost,
        effective_cost, cost_lower_bound and cost_upper_bound go out, in the order of usage_id.
        """
        wanted = ", ".join(("usage_id", *columns))
        with self._lock:
            self._connection.register("charged", quantities)
            try:
                return self._frame(f"select {wanted} from ({statements.charges('charged')})").sort("usage_id")
            finally:
                self._connection.unregister("charged")

    def read_json(self, lines: pl.DataFrame, *, fields: Sequence[str], object_field: str) -> pl.DataFrame:
        """What is in lines (case_row, line) of JSON, in their order: is_object, the names of all fields, of each of
        `fields` its JSON text, and the inner_names and inner_values of a field that is an object. Null where there is
        nothing.
        """
        with self._lock:
            self._connection.register("lines", lines)
            try:
                statement = statements.read_json(fields, object_field=object_field)
                return self._frame(statement).sort("case_row")
            finally:
                self._connection.unregister("lines")

    def _give(self, usage: pl.DataFrame) -> None:
        """Put the usage with its models into the table usage, and the prices of all of it into resolved."""
        self._connection.register("given", usage)
        try:
            self._connection.execute(statements.GIVEN_USAGE)
        finally:
            self._connection.unregister("given")
        execute = self._connection.execute
        execute(statements.new_spellings())
        execute(statements.USAGE)
        execute(statements.NEW_KEYS)
        if not self._rows("select 1 from new_keys limit 1"):
            return
        last = self._rows("select coalesce(max(resolved_id), 0) from resolved")[0][0]
        execute(statements.new_prices())
        execute("insert into resolved_keys from new_keys")
        if self._rows("select 1 from resolved where resolved_id > ? and has_volume_tiers limit 1", [last]):
            execute(statements.new_volume_tiers())

    def _load(self, name: str, frame: pl.DataFrame) -> None:
        self._connection.register("loaded", frame)
        self._connection.execute(f"create table {name} as select * from loaded")
        self._connection.unregister("loaded")

    def _rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()

    def _frame(self, statement: str, params: Sequence[object] | None = None) -> pl.DataFrame:
        frame: pl.DataFrame = self._connection.sql(statement, params=params).pl()
        return frame
