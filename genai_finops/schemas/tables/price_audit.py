"""What makes prices auditable: how the book changed, where its sources disagree, where it has gaps, and what that costs."""

from dataclasses import replace

from genai_finops.schemas.columns import CONSUMED_UNIT, CURRENCY, METER, QUANTITY
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.tables.unified import MODEL, PRICING_REASONS

PRICE_CHANGES = ("added", "changed", "ended", "withdrawn")
REPRICING_REASONS = ("price_changed", "price_added", "price_removed", "allowance_or_volume", "status_changed")

_BOOK_KEY = (
    *("provider", "model_id", "meter", "service_tier", "geography", "context_tokens_above", "context_tokens_up_to"),
    *("variant", "x_org_slug", "x_genai_account_id", "pricing_type", "volume_threshold_tokens"),
)
_BOOK_VALUE = (
    *("currency", "unit_price", "discount_percentage", "free_tier_quantity", "free_tier_reset_frequency"),
    *("valid_from", "valid_to", "source_version"),
)
_LIST_KEY = ("provider", "model_id", "meter", "service_tier", "geography", "variant")


def _before_and_after(name: str) -> tuple[Column, Column]:
    column = PRICE_BOOK.column(name)
    old, new = (
        replace(column, name=f"{side}_{name}", nullable=True, description=f"{when}: {column.description}")
        for side, when in (("old", "As believed until known_at"), ("new", "As believed from known_at on"))
    )
    return old, new


def _percentage(name: str, description: str) -> Column:
    return Column(name=name, type="ratio", nullable=True, description=description)


def _cost(name: str, description: str) -> Column:
    return Column(name=name, type="cost", nullable=True, description=description)


_DAY_FROM = Column(name="valid_from", type="date", description="First UTC day of usage for which the belief changed.")
_DAY_TO = Column(
    name="valid_to",
    type="date",
    nullable=True,
    description="First UTC day of usage for which it did not change; null without limit.",
)

CHANGES = Table(
    name="genai_price_changes",
    layer="flows",
    model_folder="flows/payg",
    description="One row per source, rate, moment at which the book learnt something else of it, and span of days of usage for which the "
    "rate is another one since. What a source said first is no change. Models are spelled as the source spells them.",
    columns=(
        PRICE_BOOK.column("source"),
        *(PRICE_BOOK.column(name) for name in _BOOK_KEY),
        Column(name="known_at", type="timestamp", description="Moment from which on the book says so, UTC."),
        Column(
            name="change",
            type="string",
            allowed=PRICE_CHANGES,
            description="added: the days had no rate. changed: they have another value. ended: they have no rate any more, days "
            "before them of the same rate still have one. withdrawn: they have no rate any more, from the first day of the old rate on.",
        ),
        _DAY_FROM,
        _DAY_TO,
        *(column for name in _BOOK_VALUE for column in _before_and_after(name)),
        _percentage(
            "change_percentage",
            "100 x (new_unit_price - old_unit_price) / old_unit_price, rounded half away from zero to 9 decimals; null where either is "
            "null, where the currency is another one, where the old price is 0, and from a thousand million percent on.",
        ),
    ),
    grain=("source", *_BOOK_KEY, "known_at", "valid_from"),
)

DIFFERENCES = Table(
    name="genai_price_differences",
    layer="flows",
    model_folder="flows/payg",
    description="One row per rate and other source whose list price of today differs by more than 0.5 % from that of the source that decides, "
    "in one currency and for prompts that both are for. Prices that someone entered are left out: they are meant to differ.",
    columns=(
        *(PRICE_BOOK.column(name) for name in _LIST_KEY),
        PRICE_BOOK.column("currency"),
        *(PRICE_BOOK.column(name) for name in ("context_tokens_above", "context_tokens_up_to")),
        Column(name="deciding_source", type="string", description="Source whose price holds, with its version."),
        Column(name="deciding_unit_price", type="rate", minimum=0, description="Price that holds."),
        Column(name="deciding_valid_from", type="date", description="First UTC day of that price."),
        replace(PRICE_BOOK.column("source_reference"), name="deciding_reference"),
        Column(name="other_source", type="string", description="Source that says something else, with its version."),
        Column(
            name="other_context_tokens_above",
            type="int",
            minimum=0,
            description="The other price is for prompts longer than this many tokens.",
        ),
        Column(name="other_unit_price", type="rate", minimum=0, description="What it says."),
        Column(name="other_valid_from", type="date", description="First UTC day of that price."),
        replace(PRICE_BOOK.column("source_reference"), name="other_reference"),
        _percentage(
            "difference_percentage",
            "100 x (other_unit_price - deciding_unit_price) / deciding_unit_price, rounded half away from zero to 9 decimals; null where "
            "the deciding price is 0, and from a thousand million percent on.",
        ),
    ),
    grain=(*_LIST_KEY, "currency", "context_tokens_above", "other_source", "other_context_tokens_above"),
)

GAPS = Table(
    name="genai_price_gaps",
    layer="flows",
    model_folder="flows/payg",
    description="One row per provider, model, meter, tier, geography, reason and period without a rate in which there was usage, although there "
    "is a list price for other days: between two validities, before the first or after the last.",
    columns=(
        PRICE_BOOK.column("provider"),
        MODEL[0],
        METER,
        replace(PRICE_BOOK.column("service_tier"), nullable=False, description="Tier that was used."),
        replace(
            PRICE_BOOK.column("geography"),
            nullable=False,
            description="Geography that was used; `global` where the usage names none.",
        ),
        Column(
            name="pricing_reason",
            type="string",
            allowed=PRICING_REASONS,
            description="Why the usage is unpriced: no_rate_on_day where the meter has no rate at all in the period; unknown_tier or "
            "unknown_geography where others have one.",
        ),
        Column(name="first_day", type="date", description="First UTC day of usage in the period."),
        Column(name="last_day", type="date", description="Last UTC day of usage in the period, inclusive."),
        replace(QUANTITY, description="Usage without a price in the period, in consumed_unit."),
        CONSUMED_UNIT,
        Column(
            name="previous_valid_to",
            type="date",
            nullable=True,
            description="Day on which the last rate before the period ended, exclusive; null where there was none.",
        ),
        Column(
            name="next_valid_from",
            type="date",
            nullable=True,
            description="First UTC day of the next rate after the period; null where there is none.",
        ),
    ),
    grain=("provider", "model_id", "meter", "service_tier", "geography", "pricing_reason", "first_day"),
)

REPRICING_QUEUE = Table(
    name="genai_repricing_queue",
    layer="flows",
    model_folder="flows/payg",
    description="One row per partition, provider, model, currency and reason for which stored costs of genai_payg_costs_daily are not what "
    "rating gives with the price table of now, as of when the queue was last built. Money decides: a rate that comes from another version or source at the same "
    "price changes nothing.",
    columns=(
        Column(
            name="usage_date",
            type="date",
            description="UTC day whose partition holds the rows: x_ingestion_date of the stored costs.",
        ),
        PRICE_BOOK.column("provider"),
        replace(MODEL[0], description="Canonical model as it is resolved now; null where unknown or without a model."),
        Column(name="currency", type="string", pattern=CURRENCY, description="ISO 4217 currency of the stored costs."),
        Column(
            name="reason",
            type="string",
            allowed=REPRICING_REASONS,
            description="The first that holds. price_added, price_removed: the row had no price, has none any more. price_changed: list or "
            "contracted price, or a bound. status_changed: how sure the price is. allowance_or_volume: prices are the same, but more "
            "or less of the row is free, or lies above a volume threshold.",
        ),
        Column(name="row_count", type="int", minimum=1, description="Cost rows concerned."),
        _cost("stored_cost", "Sum of their stored effective costs; null where all of them are unpriced."),
        _cost("new_cost", "Sum of the effective costs that rating gives now; null where all of them are unpriced."),
        _cost("stored_list_cost", "Sum of their stored list costs; null where all of them are unpriced."),
        _cost("new_list_cost", "Sum of the list costs that rating gives now; null where all of them are unpriced."),
    ),
    grain=("usage_date", "provider", "model_id", "currency", "reason"),
)
