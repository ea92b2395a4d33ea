"""The prices and costs of the meters of many cases: each kind of case is looked up once, all quantities are charged
at once.
"""

from dataclasses import dataclass

import polars as pl

from genai_finops.pricing.case_reading import ReadCases
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.requests import rated_geography

#: What decides the prices of a case beside its day; the last column is the number of rules of model names that began
#: before it.
_KIND = (
    *("provider", "model", "service_tier", "geography", "variant", "org", "account"),
    *("tokens_above", "tokens_up_to", "rules_begun"),
)
#: More than there are meters.
METER_NUMBERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedMeters:
    """`meters`: one row for each meter of the cases, in their order, with its cost and the number of its price.
    `prices`: the fields of ResolvedPrice, by that number.
    """

    meters: pl.DataFrame
    prices: pl.DataFrame


def priced_meters(engine: RatingEngine, read: ReadCases) -> PricedMeters:
    """The prices of the meters on their days, and what their quantities cost at them."""
    cases = _with_kind(engine, read)
    rows = read.meters.join(cases.select("case_row", "usage_date", "kind"), on="case_row", maintain_order="left")
    rows = rows.with_columns(asked=pl.col("kind") * METER_NUMBERS + pl.col("meter_number")).with_row_index("row")
    prices = _periods(engine, cases, rows).with_row_index("price")
    found = (
        rows.select("row", "asked", "usage_date")
        .sort("usage_date")
        .join_asof(
            prices.select("asked", "valid_from", "price", "resolved_id"),
            left_on="usage_date",
            right_on="valid_from",
            by="asked",
            check_sortedness=False,
        )
        .sort("row")
    )
    priced = rows.select("row", "case_row", "meter", "quantity").hstack(found.select("price", "resolved_id"))
    charged = engine.charges_of(priced.select("resolved_id", "quantity", usage_id="row"), ["effective_cost"])
    return PricedMeters(meters=priced.hstack(charged.drop("usage_id")), prices=prices)


def _with_kind(engine: RatingEngine, read: ReadCases) -> pl.DataFrame:
    """The cases that are rated, with the number of their kind."""
    prompts = (
        read.meters.filter(pl.col("token_direction") == "Input")
        .group_by("case_row")
        .agg(prompt_tokens=pl.col("quantity").sum().cast(pl.Int64))
    )
    cases = read.cases.filter(pl.col("refusal").is_null()).join(
        prompts, on="case_row", how="left", maintain_order="left"
    )
    cases = cases.with_columns(
        pl.col("service_tier").fill_null("standard"),
        pl.coalesce("geography", _implied_geography(cases)).alias("geography"),
        *(pl.when(pl.col("org").is_in([*engine.priced_orgs])).then(name).alias(name) for name in ("org", "account")),
        tokens_above=_edge_below(engine),
        tokens_up_to=_edge_above(engine),
        rules_begun=sum((pl.col("usage_date") >= day).cast(pl.Int64) for day in engine.rule_days),
    )
    kinds = cases.select(_KIND).unique(maintain_order=True).with_row_index("kind").cast({"kind": pl.Int64})
    return cases.join(kinds, on=_KIND, nulls_equal=True, maintain_order="left")


def _implied_geography(cases: pl.DataFrame) -> pl.Expr:
    """What the model says of the geography of the cases that name none."""
    asked = cases.filter(pl.col("geography").is_null()).select("provider", "model").unique()
    implied = {
        (provider, model): geography
        for provider, model in asked.iter_rows()
        if (geography := rated_geography(provider, model, None)) is not None
    }
    return pl.coalesce(
        pl.lit(None, pl.String),
        *(
            pl.when(pl.col("provider") == provider, pl.col("model") == model).then(pl.lit(geography))
            for (provider, model), geography in implied.items()
        ),
    )


def _edge_below(engine: RatingEngine) -> pl.Expr:
    """The longest length at which a price changes that all prompts of the case exceed; null where there is none."""
    length = pl.when(pl.col("context_tokens").is_not_null()).then(pl.max_horizontal("context_tokens", 1))
    return pl.max_horizontal(
        pl.lit(None, pl.Int64),
        *(
            pl.when(pl.col("provider") == provider, length > edge).then(edge)
            for provider, edges in engine.context_edges.items()
            for edge in edges
        ),
    )


def _edge_above(engine: RatingEngine) -> pl.Expr:
    """The shortest such length that no prompt exceeds: where none is given, not even all of them together."""
    longest = pl.max_horizontal(pl.coalesce("context_tokens", "prompt_tokens", 0), 1)
    return pl.min_horizontal(
        pl.lit(None, pl.Int64),
        *(
            pl.when(pl.col("provider") == provider, longest <= edge).then(edge)
            for provider, edges in engine.context_edges.items()
            for edge in edges
        ),
    )


def _periods(engine: RatingEngine, cases: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The prices of each kind and meter that is asked for, in all periods, sorted by their first day."""
    asked = rows.select("asked", "kind", "meter", "usage_date").unique("asked")
    kinds = cases.select("kind", *_KIND).unique("kind")
    usage = asked.join(kinds, on="kind").select(
        usage_id=pl.col("asked").cast(pl.String),
        provider="provider",
        usage_date="usage_date",
        provider_model_id="model",
        meter="meter",
        quantity=pl.lit(0).cast(pl.Decimal(26, 6)),
        service_tier="service_tier",
        geography="geography",
        context_tokens_above="tokens_above",
        context_tokens_up_to="tokens_up_to",
        variant="variant",
        x_org_slug="org",
        x_genai_account_id="account",
    )
    return engine.prices_frame(usage).with_columns(asked=pl.col("asked_id").cast(pl.Int64)).sort("valid_from")
