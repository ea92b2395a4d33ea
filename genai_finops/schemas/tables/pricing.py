"""Rates and model aliases: the price book, in which nothing is ever overwritten, and the price table that rating reads."""

from dataclasses import replace

from genai_finops.schemas.columns import CURRENCY, METER, PROVIDER, SERVICE_TIERS, UNCHARGED_TIERS
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column, Table

PRICING_TYPES = ("standard", "free_tier", "volume_discount", "committed_use", "promotional", "negotiated")
DISCOUNT_REASONS = ("volume", "commitment", "promotion", "negotiated", "trial")
RESET_FREQUENCIES = ("daily", "monthly", "never")
PRICED_TIERS = tuple(tier for tier in SERVICE_TIERS if tier not in UNCHARGED_TIERS)
#: Capacity and accelerators have a price book of their own, by term and payment.
RATED_METERS = tuple(
    meter.name for meter in METERS.values() if meter.is_rated and meter.kind not in {"capacity", "accelerator"}
)

_MODEL_ID = Column(
    name="model_id",
    type="string",
    nullable=True,
    description="Canonical model; null for meters that no model decides (tools, storage), and in a discount for all models.",
)
#: What a rate is for. A discount may leave meter, tier and geography open: it then holds for all of them.
_RATE_KEY = (
    PROVIDER,
    _MODEL_ID,
    replace(
        METER,
        allowed=RATED_METERS,
        nullable=True,
        description="What the rate is for; null in a discount for all meters.",
    ),
    Column(
        name="service_tier",
        type="string",
        nullable=True,
        allowed=PRICED_TIERS,
        description="Service tier that the rate is for; null in a discount for all tiers.",
    ),
    Column(
        name="geography",
        type="string",
        nullable=True,
        description="Geography that the rate is for, `global` is the base price; null in a discount for all geographies.",
    ),
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
    Column(
        name="x_org_slug",
        type="string",
        nullable=True,
        description="Organisation that the rate is for; null for all.",
    ),
    Column(
        name="x_genai_account_id",
        type="string",
        nullable=True,
        description="Account at the provider that the rate is for; null for all accounts of the organisation.",
    ),
    Column(
        name="pricing_type",
        type="string",
        allowed=PRICING_TYPES,
        description="standard: a price. free_tier: an allowance, without a price. volume_discount: a price or discount from "
        "volume_threshold_tokens of the month on, for what lies above. committed_use, promotional, negotiated: a price or a discount "
        "beside the list price.",
    ),
    Column(
        name="volume_threshold_tokens",
        type="int",
        nullable=True,
        minimum=0,
        description="Tokens of the calendar month (UTC), of the account, model and direction, from which on the rate applies to what lies "
        "above; null without a threshold.",
    ),
)
#: What it costs: exactly one of unit_price, discount_percentage and free_tier_quantity is given.
_RATE_VALUE = (
    Column(name="currency", type="string", pattern=CURRENCY, description="ISO 4217 currency of unit_price."),
    Column(
        name="unit_price",
        type="rate",
        nullable=True,
        minimum=0,
        description="Price of one pricing unit of the meter, in currency; null in a discount and in an allowance.",
    ),
    Column(
        name="discount_percentage",
        type="ratio",
        nullable=True,
        minimum=0,
        description="Percent taken off the list price, or in a volume discount off the contracted price.",
    ),
    Column(
        name="discount_reason",
        type="string",
        nullable=True,
        allowed=DISCOUNT_REASONS,
        description="Why there is a discount.",
    ),
    Column(
        name="free_tier_quantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Allowance in consumed units per reset period, for each account and model, of the direction (input, output) of the meter.",
    ),
    Column(
        name="free_tier_reset_frequency",
        type="string",
        nullable=True,
        allowed=RESET_FREQUENCIES,
        description="When the allowance starts anew, in UTC; never: it is given once. Null exactly when free_tier_quantity is.",
    ),
    Column(name="valid_from", type="date", description="First UTC day of usage that the rate applies to."),
    Column(
        name="valid_to",
        type="date",
        nullable=True,
        description="First UTC day of usage that it no longer applies to; null while open.",
    ),
)
_RATE_ORIGIN = (
    Column(
        name="source",
        type="string",
        description="Where the rate comes from: account, organisation, platform, genai-prices, azure_retail, ...",
    ),
    Column(name="source_version", type="string", description="Version or date of the source."),
    Column(
        name="source_reference",
        type="string",
        nullable=True,
        description="Where in the source: a page, a meter, a SKU; null where the source has one place only.",
    ),
    Column(name="retrieved_at", type="timestamp", description="When it was read from the source first, UTC."),
    Column(name="priority", type="int", minimum=0, description="Precedence among sources: the lowest number holds."),
    Column(
        name="is_custom",
        type="bool",
        description="True for a rate that someone entered, false for a published or a default one.",
    ),
)
#: The second time: when we knew it. A row is never changed but for its end, and never deleted.
KNOWLEDGE = (
    Column(name="known_from", type="timestamp", description="First moment at which the platform knew the row, UTC."),
    Column(
        name="known_to",
        type="timestamp",
        nullable=True,
        description="First moment at which it no longer held it for true, UTC; null while it does.",
    ),
)
_MODEL_NAME = Column(name="model_name", type="string", nullable=True, description="Display name of the model.")

PRICE_BOOK = Table(
    name="genai_price_book",
    layer="prices",
    description="One row per rate and moment from which on it was known: what each source says, with the time that it is valid "
    "and the time that the platform knew it. Models are spelled as the source spells them.",
    columns=(*_RATE_KEY, _MODEL_NAME, *_RATE_VALUE, *_RATE_ORIGIN, *KNOWLEDGE),
    grain=(
        "source",
        "provider",
        "model_id",
        "meter",
        "service_tier",
        "geography",
        "context_tokens_above",
        "variant",
        "x_org_slug",
        "x_genai_account_id",
        "pricing_type",
        "volume_threshold_tokens",
        "valid_from",
        "known_from",
    ),
)

PRICE_FACTORS = Table(
    name="genai_price_factors",
    layer="prices",
    description="One row per factor and moment from which on it was known: what makes the prices of one geography out of "
    "those of another.",
    columns=(
        PROVIDER,
        replace(_MODEL_ID, description="Model that the factor is for, as the seed spells it; null for all."),
        Column(name="meter_kind", type="string", description="Kind of the meters that it multiplies."),
        Column(
            name="service_tier",
            type="string",
            nullable=True,
            allowed=PRICED_TIERS,
            description="Tier that it multiplies; null for all.",
        ),
        Column(name="geography", type="string", description="Geography whose prices it makes."),
        Column(name="base_geography", type="string", description="Geography whose prices it multiplies."),
        Column(name="factor", type="ratio", minimum=0, description="What the prices are multiplied by."),
        Column(name="valid_from", type="date", description="First UTC day of usage that it applies to."),
        Column(
            name="valid_to",
            type="date",
            nullable=True,
            description="First UTC day of usage that it no longer applies to; null while open.",
        ),
        Column(name="source", type="string", description="Where the factor comes from."),
        Column(name="source_version", type="string", description="Version or date of the source."),
        Column(name="source_reference", type="string", nullable=True, description="Where in the source."),
        *KNOWLEDGE,
    ),
    grain=(
        "source",
        "provider",
        "model_id",
        "meter_kind",
        "service_tier",
        "geography",
        "base_geography",
        "valid_from",
        "known_from",
    ),
)

MODEL_ALIAS_RULES = Table(
    name="genai_model_alias_rules",
    layer="prices",
    description="One row per provider, rule that recognises spellings of a model, and moment from which on it was known. The lowest rank that matches decides.",
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
        *KNOWLEDGE,
    ),
    grain=("provider", "rank", "valid_from", "known_from"),
)

PAYG_PRICING = Table(
    name="genai_payg_pricing",
    layer="flows",
    model_folder="flows/payg",
    description="One row per provider, model, meter, tier, geography, context band, variant, organisation, account, pricing type, "
    "volume threshold and validity: the rates that rating applies, as they are known now. Validities of one key do not overlap: "
    "where sources disagree, the lower priority number holds.",
    columns=(
        Column(
            name="pricing_id", type="string", description="Stable id of the row: hash of its key, validity and source."
        ),
        *_RATE_KEY,
        _MODEL_NAME,
        Column(
            name="pricing_unit",
            type="string",
            nullable=True,
            description="Unit that unit_price is quoted for; null exactly when the meter is.",
        ),
        Column(
            name="pricing_block",
            type="int",
            nullable=True,
            minimum=1,
            description="Consumed units in one pricing unit; null exactly when the meter is.",
        ),
        *_RATE_VALUE,
        *_RATE_ORIGIN,
    ),
    grain=("pricing_id",),
)
