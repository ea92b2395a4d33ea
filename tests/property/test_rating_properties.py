"""What holds of every bill, whatever was used: rows of usage and toy prices of all kinds, through the engine."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.rating_engine import RatingEngine, RatingTables
from genai_finops.pricing.rating_statements import USAGE_SCHEMA
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.frames import providers_frame
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.tables.control import PROVIDER_ACCOUNTS
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_FACTORS
from genai_finops.schemas.validation import empty_frame

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ALLOWANCE = 1000
#: From the second threshold on a token is cheaper than from the first; both are cheaper than the list.
THRESHOLDS = (1000, 5000)
DAYS = [dt.date(2026, 9, 29) + dt.timedelta(days=number) for number in range(6)]
#: Every example is a rating of its own.
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

usage_rows = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.sampled_from(["uncached_input", "cache_read", "output"]),
        st.integers(min_value=0, max_value=3000),
    ),
    min_size=1,
    max_size=12,
)


def _rate(unit_price: str | None, meter: str, **columns: Any) -> StatedRate:
    price = None if unit_price is None else Decimal(unit_price)
    values: dict[str, Any] = {"provider": "openai", "model_id": "toy", "valid_from": dt.date(2026, 1, 1), **columns}
    return StatedRate(meter=meter, unit_price=price, **values)


def _agreed(unit_price: str | None, meter: str, pricing_type: str, **columns: Any) -> StatedRate:
    return _rate(unit_price, meter, pricing_type=pricing_type, x_org_slug="acme", is_custom=True, **columns)


def _allowance(reset: str) -> list[StatedRate]:
    values: dict[str, Any] = {"free_tier_quantity": Decimal(ALLOWANCE), "free_tier_reset_frequency": reset}
    return [_agreed(None, meter, "free_tier", **values) for meter in ("uncached_input", "output")]


def _tiers() -> list[StatedRate]:
    first, second = THRESHOLDS
    return [
        _agreed("0.7", "uncached_input", "volume_discount", volume_threshold_tokens=first),
        _agreed("0.4", "uncached_input", "volume_discount", volume_threshold_tokens=second),
    ]


AGREED: dict[str, Callable[[], list[StatedRate]]] = {
    "flat": list,
    "daily": lambda: _allowance("daily"),
    "monthly": lambda: _allowance("monthly"),
    "never": lambda: _allowance("never"),
    "tiers": _tiers,
    "tiers and allowance": lambda: [*_tiers(), *_allowance("monthly")],
}


@cache
def engine_with(agreement: str) -> RatingEngine:
    rates = (_rate("1.000000000001", "uncached_input"), _rate("0.1", "cache_read"), _rate("4.000000000003", "output"))
    agreed = tuple(AGREED[agreement]())
    statements = [Statement(source="genai-prices", source_version="1", retrieved_at=NOW, rates=rates)]
    if agreed:
        statements.append(Statement(source="organisation", source_version="1", retrieved_at=NOW, rates=agreed))
    alias = {
        "provider": "openai",
        "rank": 0,
        "pattern": "^toy$",
        "model_id": "toy",
        "valid_from": dt.date(2020, 1, 1),
        "source": "test",
        "source_version": "1",
        "known_from": NOW,
    }
    configs = load_provider_configs(Path(__file__).parents[2] / "configs" / "providers", {})
    return RatingEngine(
        RatingTables(
            prices=price_book_frame(*statements),
            factors=empty_frame(PRICE_FACTORS),
            alias_rules=pl.DataFrame([alias], schema=empty_frame(MODEL_ALIAS_RULES).schema),
            meters=meters_frame(),
            providers=providers_frame(configs),
            accounts=empty_frame(PROVIDER_ACCOUNTS),
        )
    )


Rows = Sequence[tuple[dt.date, str, int]]


def rated(agreement: str, *usages: Rows) -> list[pl.DataFrame]:
    """Several usages of the same days, each by an account of acme of its own: rated, with their days and meters."""
    usage = usage_of(*usages)
    costs = engine_with(agreement).rate(usage)
    joined = usage.select("usage_id", "usage_date", "meter", "quantity", "x_genai_account_id").join(
        costs, on="usage_id"
    )
    return [joined.filter(pl.col("x_genai_account_id") == str(account)) for account in range(len(usages))]


def usage_of(*usages: Rows) -> pl.DataFrame:
    """Usages of accounts of acme, in the columns that the engine takes."""
    return pl.DataFrame(
        [
            {
                **dict.fromkeys(USAGE_SCHEMA),
                "usage_id": f"{account} {number}",
                "provider": "openai",
                "usage_date": day,
                "provider_model_id": "toy",
                "meter": meter,
                "quantity": Decimal(quantity),
                "service_tier": "standard",
                "x_org_slug": "acme",
                "x_genai_account_id": str(account),
            }
            for account, rows in enumerate(usages)
            for number, (day, meter, quantity) in enumerate(rows)
        ],
        schema=dict(USAGE_SCHEMA),
    )


def costs_of(agreement: str, *usages: Rows) -> list[Decimal]:
    """What each of several usages costs in all."""
    return [cost(frame) for frame in rated(agreement, *usages)]


def cost(frame: pl.DataFrame) -> Decimal:
    return sum(frame["effective_cost"], Decimal(0))


@FEW
@given(rows=usage_rows, share=st.floats(0, 1))
def test_cost_is_additive_over_any_split_of_the_usage(rows: list[tuple[dt.date, str, int]], share: float) -> None:
    parts = [(day, meter, int(quantity * share)) for day, meter, quantity in rows]
    rests = [(day, meter, quantity - part[2]) for (day, meter, quantity), part in zip(rows, parts, strict=True)]

    whole, split = costs_of("flat", rows, [*parts, *rests])

    assert whole == split


@FEW
@pytest.mark.parametrize("agreement", [*AGREED])
@given(rows=usage_rows, data=st.data())
def test_the_order_of_rows_never_matters(
    agreement: str, rows: list[tuple[dt.date, str, int]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))

    frame, shuffled = rated(agreement, rows, [rows[number] for number in order])

    # Rows of one day and price share what is free in no particular way: what they cost together is certain.
    groups = ["usage_date", "meter"]
    sums = [pl.col(name).sum() for name in ("quantity", "free_quantity", "effective_cost", "list_cost")]
    assert frame.group_by(groups).agg(sums).sort(groups).equals(shuffled.group_by(groups).agg(sums).sort(groups))


@FEW
@pytest.mark.parametrize("agreement", ["tiers", "tiers and allowance"])
@given(rows=usage_rows, data=st.data())
def test_each_row_costs_the_same_in_whatever_order_the_rows_come(
    agreement: str, rows: list[tuple[dt.date, str, int]], data: st.DataObject
) -> None:
    engine = engine_with(agreement)
    usage = usage_of(rows)

    shuffled = usage[data.draw(st.permutations(range(len(rows))))]

    assert engine.rate(usage).sort("usage_id").equals(engine.rate(shuffled).sort("usage_id"))


@FEW
@pytest.mark.parametrize("agreement", ["daily", "monthly", "never"])
@given(rows=usage_rows)
def test_an_allowance_is_never_negative_and_never_exceeds_its_size_or_the_usage(
    agreement: str, rows: list[tuple[dt.date, str, int]]
) -> None:
    frame = rated(agreement, rows)[0]

    period = {
        "daily": pl.col("usage_date"),
        "monthly": pl.col("usage_date").dt.truncate("1mo"),
        "never": pl.lit(dt.date(2026, 1, 1)),
    }[agreement]
    pools = frame.group_by(period.alias("period"), is_output=pl.col("meter") == "output").agg(
        pl.col("free_quantity").sum(), pl.col("quantity").sum()
    )
    assert frame.filter((pl.col("free_quantity") < 0) | (pl.col("free_quantity") > pl.col("quantity"))).height == 0
    # All of it is given that there is usage for.
    expected = [min(Decimal(ALLOWANCE), quantity) for quantity in pools["quantity"]]
    assert pools["free_quantity"].to_list() == expected


@FEW
@given(threshold=st.sampled_from(THRESHOLDS), below=st.integers(1, 900))
def test_volume_tiers_are_continuous_at_their_threshold_and_marginal_above_it(threshold: int, below: int) -> None:
    day = DAYS[2]
    price = {1000: Decimal("0.7"), 5000: Decimal("0.4")}[threshold]

    tokens = (threshold - below, threshold, threshold + below)
    under, at, over = costs_of("tiers", *([(day, "uncached_input", count)] for count in tokens))

    million = Decimal(1_000_000)
    price_below = {1000: Decimal("1.000000000001"), 5000: Decimal("0.7")}[threshold]
    assert (at - under, over - at) == (price_below * below / million, price * below / million)


@FEW
@given(rows=usage_rows)
def test_volume_tiers_start_anew_with_each_month(rows: list[tuple[dt.date, str, int]]) -> None:
    september = [row for row in rows if row[0].month == 9]
    october = [row for row in rows if row[0].month == 10]
    assume(september and october)

    whole, *months = costs_of("tiers", rows, september, october)

    assert whole == sum(months)


@FEW
@pytest.mark.parametrize("agreement", ["flat", "daily", "monthly", "never", "tiers"])
@given(rows=usage_rows, more=st.integers(0, 3000), data=st.data())
def test_more_usage_never_costs_less(
    agreement: str, rows: list[tuple[dt.date, str, int]], more: int, data: st.DataObject
) -> None:
    # Of one meter, because cheap cached input that takes an allowance or a tier from dear input moves the prices of
    # others.
    rows = [(day, "uncached_input", quantity) for day, _, quantity in rows]
    grown = data.draw(st.sampled_from(range(len(rows))))
    day, meter, quantity = rows[grown]
    larger = [*rows[:grown], (day, meter, quantity + more), *rows[grown + 1 :]]

    before, after = costs_of(agreement, rows, larger)

    assert after >= before


@FEW
@given(rows=usage_rows)
def test_an_agreement_never_costs_more_than_the_list(rows: list[tuple[dt.date, str, int]]) -> None:
    frame = rated("tiers and allowance", rows)[0]

    assert frame.filter(pl.col("effective_cost") > pl.col("list_cost")).height == 0
