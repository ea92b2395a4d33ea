"""Prices of reserved capacity and of accelerators: the book, in which nothing is overwritten, and the tables of the flows."""

from genai_finops.schemas.columns import CURRENCY, PROVIDER
from genai_finops.schemas.meters import ACCELERATOR_METERS, CAPACITY_METERS
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.commitments import CONFIDENCES, PAYMENTS, PRICE_PERIODS, SCOPE, TERMS

PURCHASE_OPTIONS = ("on_demand", "spot", "commitment")


def _meter(allowed: tuple[str, ...]) -> Column:
    return Column(name="meter", type="string", allowed=allowed, description="Unit that is paid for by time.")


_KEY = (
    Column(
        name="model_id",
        type="string",
        nullable=True,
        description="Canonical model; null where the price is the same for all, and for accelerators.",
    ),
    Column(
        name="variant",
        type="string",
        nullable=True,
        description="Accelerator or machine type in lower case (nvidia_h100_80gb, v5e, a3-highgpu-1g); null for capacity of models.",
    ),
    Column(
        name="workload",
        type="string",
        nullable=True,
        description="Kind of work that the price is for (training, prediction, pipeline, compute); null for any.",
    ),
    SCOPE,
    Column(
        name="region_id",
        type="string",
        nullable=True,
        description="Region that the price is for; null for all regions that have none of their own.",
    ),
    Column(
        name="purchase_option",
        type="string",
        allowed=PURCHASE_OPTIONS,
        description="on_demand: by the hour, without a commitment. spot: while there is capacity to spare. commitment: for a term.",
    ),
    Column(
        name="term",
        type="string",
        nullable=True,
        allowed=TERMS,
        description="Term of the commitment; null exactly when purchase_option is not commitment.",
    ),
    Column(
        name="payment",
        type="string",
        nullable=True,
        allowed=PAYMENTS,
        description="How the commitment is paid; null where the price is the same however it is paid, and without a commitment.",
    ),
    Column(
        name="x_org_slug", type="string", nullable=True, description="Organisation that the price is for; null for all."
    ),
    Column(
        name="x_genai_account_id",
        type="string",
        nullable=True,
        description="Account that the price is for; null for all accounts.",
    ),
)
_VALUE = (
    Column(
        name="price_period",
        type="string",
        allowed=PRICE_PERIODS,
        description="What one unit costs unit_price for: an hour, a month of the term, or the whole term.",
    ),
    Column(name="unit_price", type="rate", minimum=0, description="Price of one unit for price_period, in currency."),
    Column(name="currency", type="string", pattern=CURRENCY, description="ISO 4217 currency of unit_price."),
    Column(
        name="confidence",
        type="string",
        allowed=CONFIDENCES,
        description="confirmed: on the provider's own page or API. practitioner: seen by others in bills or captures. unconfirmed: "
        "estimated by others.",
    ),
    Column(name="valid_from", type="date", description="First UTC day that the price holds on."),
    Column(name="valid_to", type="date", nullable=True, description="First UTC day after it; null while open."),
    Column(name="source", type="string", description="Where the price comes from."),
    Column(name="source_version", type="string", description="Version or date of the source."),
    Column(name="source_reference", type="string", nullable=True, description="Where in the source."),
    Column(name="retrieved_at", type="timestamp", description="When it was read from the source first, UTC."),
    Column(name="priority", type="int", minimum=0, description="Precedence among sources: the lowest number holds."),
    Column(name="is_custom", type="bool", description="True for a price that someone entered."),
    Column(name="note", type="string", nullable=True, description="What is to be known of the figure."),
)
_KEY_NAMES = ("provider", "meter", *(column.name for column in _KEY))

CAPACITY_PRICE_BOOK = Table(
    name="genai_capacity_price_book",
    layer="prices",
    description="One row per price of reserved capacity or of an accelerator, source, and moment from which on it was known.",
    columns=(
        PROVIDER,
        _meter((*CAPACITY_METERS, *ACCELERATOR_METERS)),
        *_KEY,
        *_VALUE,
        Column(
            name="known_from", type="timestamp", description="First moment at which the platform knew the row, UTC."
        ),
        Column(
            name="known_to",
            type="timestamp",
            nullable=True,
            description="First moment at which it no longer held it for true, UTC; null while it does.",
        ),
    ),
    grain=(*_KEY_NAMES, "valid_from", "source", "known_from"),
)


def _pricing(flow: str, meters: tuple[str, ...], what: str) -> Table:
    return Table(
        name=f"genai_{flow}_pricing",
        layer="flows",
        model_folder=f"flows/{flow}",
        description=f"One row per provider, meter, model or variant, kind of work, scope, region, purchase option, term, payment, organisation, "
        f"account and start of validity: the price of {what} that holds, of the source that comes first.",
        columns=(
            Column(name="pricing_id", type="string", description="Stable id of the row: hash of its key."),
            PROVIDER,
            _meter(meters),
            *_KEY,
            *_VALUE,
        ),
        grain=(*_KEY_NAMES, "valid_from"),
    )


COMMITMENT_PRICING = _pricing("commitment", CAPACITY_METERS, "reserved capacity")
INFRASTRUCTURE_PRICING = _pricing("infrastructure", ACCELERATOR_METERS, "accelerators and machines")
