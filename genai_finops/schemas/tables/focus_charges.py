"""FOCUS 1.3 Cost and Usage, columns of accounts, charges and commitments, in alphabetical order of the specification."""

from genai_finops.schemas.columns import CURRENCY
from genai_finops.schemas.table import Column

_ALLOCATION = (
    Column(
        name="AllocatedMethodDetails",
        type="json",
        nullable=True,
        description="Ratio, unit and measured quantity by which a shared charge was split; null on a charge that is not split.",
    ),
    Column(
        name="AllocatedMethodId",
        type="string",
        nullable=True,
        description="Documented method of the split; null on a charge that is not split.",
    ),
    Column(
        name="AllocatedResourceId",
        type="string",
        nullable=True,
        description="Who receives this part of a split charge; null on the remainder and on a charge that is not split.",
    ),
    Column(
        name="AllocatedResourceName",
        type="string",
        nullable=True,
        description="Display name of who receives this part; null exactly when AllocatedResourceId is null.",
    ),
    Column(
        name="AllocatedTags",
        type="json",
        nullable=True,
        description="Tags of who receives this part, without those already in Tags.",
    ),
)

_BILLING = (
    Column(
        name="AvailabilityZone",
        type="string",
        nullable=True,
        description="Zone inside the region; null because the providers serve models from regions, not from zones.",
    ),
    Column(
        name="BilledCost",
        type="cost",
        description="Cash view: what the charge adds to the invoice, in BillingCurrency.",
    ),
    Column(name="BillingAccountId", type="string", description="Account at the provider that is invoiced."),
    Column(
        name="BillingAccountName",
        type="string",
        nullable=True,
        description="Name of that account in the register of accounts; its id where nobody named it.",
    ),
    Column(name="BillingAccountType", type="string", description="Kind of account, as the provider calls it."),
    Column(
        name="BillingCurrency",
        type="string",
        pattern=CURRENCY,
        description="ISO 4217 currency of the invoice and of every price and cost that is not a PricingCurrency column.",
    ),
    Column(
        name="BillingPeriodEnd",
        type="timestamp",
        description="First instant of the next calendar month, UTC: the exclusive end of the invoice period.",
    ),
    Column(
        name="BillingPeriodStart",
        type="timestamp",
        description="First instant of the calendar month of the charge, UTC: of a payment the month in which what it pays for begins.",
    ),
    Column(
        name="CapacityReservationId",
        type="string",
        nullable=True,
        description="Reservation of capacity that the charge belongs to; null, because what the providers reserve for models are commitments.",
    ),
    Column(
        name="CapacityReservationStatus",
        type="string",
        nullable=True,
        allowed=("Used", "Unused"),
        description="Whether the charge used that reservation or left it idle.",
    ),
)

_CHARGE = (
    Column(
        name="ChargeCategory",
        type="string",
        allowed=("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
        description="Nature of the charge: Usage for what was used or left idle, Purchase for a payment for a commitment.",
    ),
    Column(
        name="ChargeClass",
        type="string",
        nullable=True,
        allowed=("Correction",),
        description="Correction on a charge that changes a month which was already invoiced, null on every other.",
    ),
    Column(
        name="ChargeDescription",
        type="string",
        nullable=True,
        description="Sentence that says by itself what was charged and at which price.",
    ),
    Column(
        name="ChargeFrequency",
        type="string",
        allowed=("One-Time", "Recurring", "Usage-Based"),
        description="How often the charge comes back: Usage-Based for usage, One-Time or Recurring for payments.",
    ),
    Column(
        name="ChargePeriodEnd",
        type="timestamp",
        description="Exclusive end of what the charge covers, UTC: midnight after the day of usage, or the end of the term, month or hours that a payment is for.",
    ),
    Column(
        name="ChargePeriodStart",
        type="timestamp",
        description="Start of what the charge covers, UTC: midnight of the day of usage, or the start of what a payment is for.",
    ),
)

_COMMITMENT = (
    Column(
        name="CommitmentDiscountCategory",
        type="string",
        nullable=True,
        allowed=("Spend", "Usage"),
        description="Whether the commitment promises money or usage; null without a commitment.",
    ),
    Column(
        name="CommitmentDiscountId",
        type="string",
        nullable=True,
        description="Commitment that was bought, used or left idle; null for pay-as-you-go and for capacity beyond all commitments.",
    ),
    Column(name="CommitmentDiscountName", type="string", nullable=True, description="Display name of that commitment."),
    Column(
        name="CommitmentDiscountQuantity",
        type="quantity",
        nullable=True,
        description="Unit-hours of the commitment that the row buys, uses or leaves idle.",
    ),
    Column(
        name="CommitmentDiscountStatus",
        type="string",
        nullable=True,
        allowed=("Used", "Unused"),
        description="Whether the row used the commitment or is what was left of it; null on payments.",
    ),
    Column(
        name="CommitmentDiscountType",
        type="string",
        nullable=True,
        description="Kind of commitment, as the provider calls it.",
    ),
    Column(
        name="CommitmentDiscountUnit",
        type="string",
        nullable=True,
        description="Unit of CommitmentDiscountQuantity, as in PTU-Hours; null exactly when that is null.",
    ),
)

CHARGE_COLUMNS = (*_ALLOCATION, *_BILLING, *_CHARGE, *_COMMITMENT)
