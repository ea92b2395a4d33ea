"""Rates and model aliases: the price catalogue as imported, and the price table that rating reads."""

from dataclasses import replace

from genai_finops.schemas.columns import METER, PROVIDER, SERVICE_TIERS, UNCHARGED_TIERS
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column, Table

PRICING_TYPES = ("standard", "free_tier", "volume_discount", "committed_use", "promotional", "negotiated")
PRICED_TIERS = tuple(tier for tier in SERVICE_TIERS if tier not in UNCHARGED_TIERS)
RATED_METERS = tuple(meter.name for meter in METERS.values() if meter.is_rated)

_RATE_KEY = (
    PROVIDER,
    Column(
        name="model_id",
        type="string",
        nullable=True,
        description="Canonical model; null for meters that no model decides (tools, storage).",
    ),
    replace(METER, allowed=RATED_METERS),
    Column(name="service_tier", type="string", allowed=PRICED_TIERS, description="Service tier that the rate is for."),
    Column(name="geography", type="string", description="Geography that the rate is for; `global` is the base price."),
    Column(
        name="context_tokens_above",
        type="int",
        minimum=0,
        description="The rate is for prompts longer than this many tokens; 0 where there are no bands.",
    ),
    Column(
        name="context_tokens_up_to",
        type="int",
        nullable=True,
        minimum=1,
        description="The rate is for prompts of at most this many tokens; null without limit.",
    ),
    Column(
        name="variant",
        type="string",
        nullable=True,
        description="Variant that the rate is for (image size, search context size); null for any.",
    ),
)
_RATE_VALUE = (
    Column(name="currency", type="string", pattern=r"^[A-Z]{3}$", description="ISO 4217 currency of unit_price."),
    Column(
        name="unit_price", type="rate", minimum=0, description="Price of one pricing unit of the meter, in currency."
    ),
    Column(name="valid_from", type="date", description="First UTC day that the rate applies to."),
    Column(
        name="valid_to",
        type="date",
        nullable=True,
        description="First UTC day that it no longer applies to; null while open.",
    ),
    Column(
        name="source",
        type="string",
        description="Where the rate comes from: genai-prices, list_prices, default_prices, ...",
    ),
    Column(name="source_version", type="string", description="Version or date of the source."),
)

PRICE_CATALOGUE = Table(
    name="genai_price_catalogue",
    layer="reference",
    description="One row per provider, canonical model, meter, tier, geography, context band, variant and validity of the imported price catalogue.",
    columns=(
        *_RATE_KEY,
        Column(name="model_name", type="string", nullable=True, description="Display name of the model."),
        *_RATE_VALUE,
    ),
    grain=(
        "provider",
        "model_id",
        "meter",
        "service_tier",
        "geography",
        "context_tokens_above",
        "variant",
        "valid_from",
    ),
)

MODEL_ALIAS_RULES = Table(
    name="genai_model_alias_rules",
    layer="reference",
    description="One row per provider and rule that recognises spellings of a model. The lowest rank that matches decides.",
    columns=(
        PROVIDER,
        Column(
            name="rank", type="int", minimum=0, description="Order within the provider: the lowest matching rank wins."
        ),
        Column(name="pattern", type="string", description="RE2 expression that the lower-case spelling must match."),
        Column(
            name="excluded_pattern",
            type="string",
            nullable=True,
            description="RE2 expression that it must not match; null for none.",
        ),
        Column(name="model_id", type="string", description="Canonical model."),
        Column(name="model_name", type="string", nullable=True, description="Display name."),
        Column(name="model_developer", type="string", nullable=True, description="Who made the model."),
        Column(name="model_family", type="string", nullable=True, description="Family of the model."),
        Column(name="valid_from", type="date", description="First UTC day that the rule applies to."),
        Column(
            name="valid_to",
            type="date",
            nullable=True,
            description="First UTC day that it no longer applies to; null while open.",
        ),
        Column(name="source", type="string", description="Where the rule comes from."),
        Column(name="source_version", type="string", description="Version of the source."),
    ),
    grain=("provider", "rank", "valid_from"),
)

PAYG_PRICING = Table(
    name="genai_payg_pricing",
    layer="flows",
    model_folder="flows/payg",
    description="One row per provider, model, meter, tier, geography, context band, variant, organisation (null for list prices) and validity: the rates that "
    "rating applies. Validities of one key do not overlap: where sources disagree, the lower priority number holds.",
    columns=(
        Column(
            name="pricing_id", type="string", description="Stable id of the row: hash of its key, validity and source."
        ),
        *_RATE_KEY,
        Column(name="model_name", type="string", nullable=True, description="Display name of the model."),
        Column(
            name="x_org_slug",
            type="string",
            nullable=True,
            description="Organisation that the rate is for; null for list prices.",
        ),
        Column(name="pricing_type", type="string", allowed=PRICING_TYPES, description="Kind of price."),
        Column(name="pricing_unit", type="string", description="Unit that unit_price is quoted for."),
        Column(name="pricing_block", type="int", minimum=1, description="Consumed units in one pricing unit."),
        *_RATE_VALUE,
        Column(
            name="priority", type="int", minimum=0, description="Precedence among sources: the lowest number holds."
        ),
        Column(
            name="is_custom",
            type="bool",
            description="True for a price that someone entered, false for a published one.",
        ),
        Column(
            name="free_tier_quantity",
            type="quantity",
            nullable=True,
            description="Allowance in consumed units per reset period; null without a free tier.",
        ),
        Column(
            name="free_tier_reset_frequency",
            type="string",
            nullable=True,
            allowed=("daily", "monthly", "never"),
            description="When the allowance starts anew.",
        ),
        Column(
            name="discount_percentage",
            type="ratio",
            nullable=True,
            description="Discount against the base price, in percent.",
        ),
        Column(
            name="discount_reason",
            type="string",
            nullable=True,
            allowed=("volume", "commitment", "promotion", "negotiated", "trial"),
            description="Why there is a discount.",
        ),
        Column(
            name="volume_threshold_tokens",
            type="int",
            nullable=True,
            minimum=0,
            description="Tokens of the month from which on the rate applies; null without a threshold.",
        ),
    ),
    grain=("pricing_id",),
)
