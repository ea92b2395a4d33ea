"""The answers to a file of cases: one line of JSON for each, written column by column."""

import json

import polars as pl

from genai_finops.pricing.calculate import UNKNOWN_EARLIER_USAGE
from genai_finops.pricing.case_pricing import METER_NUMBERS, PricedMeters
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.schemas.meters import METERS

_OPEN = ("unpriced", "estimated")
_COST = pl.Decimal(38, 18)


def answers(engine: RatingEngine, cases: pl.DataFrame, priced: PricedMeters) -> pl.DataFrame:
    """The status and the line of each case, in their order."""
    judged = _judged(priced)
    joined = (
        cases.select("case_row", "id", "refusal")
        .join(_sums(judged), on="case_row", how="left", maintain_order="left")
        .join(_reasons(judged), on="case_row", how="left", maintain_order="left")
        .join(_bounds(engine, judged), on="case_row", how="left", maintain_order="left")
    )
    status = (
        pl.when(pl.col("refusal").is_not_null())
        .then(pl.lit("refused"))
        .when("is_unpriced")
        .then(pl.lit("unpriced"))
        .otherwise(pl.lit("priced"))
    )
    return joined.with_columns(status=status).select(status="status", line=_line())


def _judged(priced: PricedMeters) -> pl.DataFrame:
    """The meters, with what is known of their prices, and their text in the answer where their cost is exact.

    What shares an allowance or volume tiers depends on what was used earlier, which no case says.
    """
    is_exact = ~pl.col("status").is_in(_OPEN) & ~pl.col("is_pooled")
    prices = priced.prices.select(
        "is_pooled",
        "has_volume_tiers",
        "currency",
        is_exact=is_exact,
        head=_head(),
        tail=_tail(),
        reason=pl.when(pl.col("is_pooled") & (pl.col("status") != "unpriced"))
        .then(pl.lit(UNKNOWN_EARLIER_USAGE))
        .otherwise("reason"),
    )
    meters = priced.meters.hstack(prices[priced.meters["price"]])
    return meters.with_columns(
        # Nothing used costs nothing, whatever its price is.
        is_open=(pl.col("quantity") > 0) & ~pl.col("is_exact"),
        text=pl.when("is_exact").then(
            pl.concat_str(
                pl.lit('{"meter":"'),
                "meter",
                pl.lit('","quantity":"'),
                _decimal("quantity"),
                "head",
                _decimal("effective_cost"),
                "tail",
            )
        ),
    )


def _head() -> pl.Expr:
    """What stands between a quantity and its cost, the same for all that have the price."""
    meter = pl.col("asked") % METER_NUMBERS
    units = {number: json.dumps(known.consumed_unit) for number, known in enumerate(METERS.values())}
    return pl.concat_str(
        pl.lit('","unit":'),
        meter.replace_strict(units, return_dtype=pl.String),
        pl.lit(',"unit_price":"'),
        _decimal("unit_price"),
        pl.lit('","cost":"'),
    )


def _tail() -> pl.Expr:
    """What stands behind the cost."""
    return pl.concat_str(
        pl.lit('","rate_source":'),
        _json_or_null(pl.concat_str(pl.col("source"), pl.lit(" "), pl.col("source_version"))),
        pl.lit(',"valid_from":'),
        _json_or_null(pl.col("rate_valid_from").cast(pl.String)),
        pl.lit("}"),
    )


def _sums(meters: pl.DataFrame) -> pl.DataFrame:
    """One row for each case: its lines and their total, and whether it has one."""
    return (
        meters.with_columns(pl.col("case_row").set_sorted())
        .group_by("case_row", maintain_order=True)
        .agg(
            pl.col("currency").first(),
            lines=pl.col("text").drop_nulls().str.join(","),
            is_unpriced=pl.col("is_open").any() | ~pl.col("is_exact").any(),
            total=pl.col("effective_cost").sum(),
        )
    )


def _reasons(meters: pl.DataFrame) -> pl.DataFrame:
    """Why a case has no total, or a total of 0; most have no reason."""
    given = meters.filter(pl.col("reason").is_not_null()).sort("is_open", descending=True, maintain_order=True)
    return given.group_by("case_row").agg(
        open_reasons=pl.col("reason").filter("is_open").unique(maintain_order=True).str.join(", "),
        exact_reasons=pl.col("reason").filter("is_exact").unique(maintain_order=True).str.join(", "),
        reasons=pl.col("reason").unique(maintain_order=True).str.join(", "),
    )


def _bounds(engine: RatingEngine, meters: pl.DataFrame) -> pl.DataFrame:
    """The lowest and the highest total of the cases that have none; null where a meter has no bound."""
    is_open = meters.group_by("case_row").agg(pl.col("is_open").any()).filter("is_open")
    used = meters.filter(pl.col("quantity") > 0).join(is_open, on="case_row", how="semi", maintain_order="left")
    charged = engine.charges_of(
        used.select("resolved_id", "quantity", usage_id="row"), ["cost_lower_bound", "cost_upper_bound"]
    )
    low = pl.when("is_pooled").then(pl.lit(0).cast(_COST)).otherwise("cost_lower_bound")
    high = pl.when(~(pl.col("is_pooled") & pl.col("has_volume_tiers"))).then("cost_upper_bound")
    exact = pl.when("is_exact").then("effective_cost")
    return (
        used.hstack(charged.drop("usage_id"))
        .with_columns(low=pl.coalesce(exact, low), high=pl.coalesce(exact, high))
        .group_by("case_row")
        .agg(pl.when(~pl.col(name).is_null().any()).then(pl.col(name).sum()).alias(name) for name in ("low", "high"))
    )


def _line() -> pl.Expr:
    currency = _json_or_null(pl.col("currency"))
    head = pl.concat_str(pl.lit('{"id":'), pl.col("id").fill_null("null"))
    reason = pl.when(pl.col("open_reasons") != "").then("open_reasons").otherwise("reasons")
    refused = pl.concat_str(
        pl.lit(',"status":"refused","total":null,"currency":null,"lines":[],"reason":'),
        pl.col("refusal").map_elements(_as_json, return_dtype=pl.String),
    )
    unpriced = pl.concat_str(
        pl.lit(',"status":"unpriced","total":null,"currency":'),
        currency,
        pl.lit(',"lines":['),
        pl.col("lines"),
        pl.lit('],"reason":"'),
        reason,
        pl.lit('"'),
        _member("lower_bound", _decimal("low")),
        _member("upper_bound", _decimal("high")),
    )
    priced = pl.concat_str(
        pl.lit(',"status":"priced","total":"'),
        _decimal("total"),
        pl.lit('","currency":'),
        currency,
        pl.lit(',"lines":['),
        pl.col("lines"),
        pl.lit("]"),
        _member("reason", pl.when(pl.col("exact_reasons") != "").then("exact_reasons")),
    )
    body = (
        pl.when(pl.col("status") == "refused")
        .then(refused)
        .when(pl.col("status") == "unpriced")
        .then(unpriced)
        .otherwise(priced)
    )
    return pl.concat_str(head, body, pl.lit("}"))


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _decimal(name: str) -> pl.Expr:
    """A decimal with a point as text, without zeros at its end."""
    return pl.col(name).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")


def _json_or_null(text: pl.Expr) -> pl.Expr:
    """A text without anything to escape as JSON."""
    return pl.concat_str(pl.lit('"'), text, pl.lit('"')).fill_null("null")


def _member(name: str, text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f',"{name}":"'), text, pl.lit('"')).fill_null("")
