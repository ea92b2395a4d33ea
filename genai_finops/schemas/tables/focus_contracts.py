"""FOCUS 1.3 Contract Commitment: the 13 columns of the specification, in alphabetical order, then ours as x_PascalCase."""

from genai_finops.schemas.columns import CURRENCY, SLUG
from genai_finops.schemas.meters import CAPACITY_METERS
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.commitments import CAPACITY_SCOPES, PAYMENTS, TERMS

CONTRACT_COLUMNS = (
    Column(
        name="BillingCurrency", type="string", pattern=CURRENCY, description="ISO 4217 currency of what is committed."
    ),
    Column(
        name="ContractCommitmentCategory",
        type="string",
        allowed=("Spend", "Usage"),
        description="Whether money or usage is promised; reserved capacity is Usage.",
    ),
    Column(
        name="ContractCommitmentCost",
        type="cost",
        nullable=True,
        description="What is paid for the whole term at the price that holds for the commitment, in BillingCurrency; null where no "
        "price is known.",
    ),
    Column(
        name="ContractCommitmentDescription",
        type="string",
        nullable=True,
        description="Sentence that says by itself what is committed, for how long, and how it is paid.",
    ),
    Column(
        name="ContractCommitmentId",
        type="string",
        description="Commitment; Cost and Usage names it in ContractApplied and CommitmentDiscountId.",
    ),
    Column(name="ContractCommitmentPeriodEnd", type="timestamp", description="End of its term, UTC, exclusive."),
    Column(name="ContractCommitmentPeriodStart", type="timestamp", description="Start of its term, UTC, inclusive."),
    Column(
        name="ContractCommitmentQuantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Unit-hours of the whole term: units x hours, rounded down to 6 decimals.",
    ),
    Column(name="ContractCommitmentType", type="string", description="Kind of commitment in the provider's words."),
    Column(
        name="ContractCommitmentUnit",
        type="string",
        nullable=True,
        description="Unit of ContractCommitmentQuantity, as in PTU-Hours; null exactly when that is null.",
    ),
    Column(
        name="ContractId", type="string", description="Order or contract that holds the commitment; its own id without."
    ),
    Column(
        name="ContractPeriodEnd",
        type="timestamp",
        description="Latest end of the commitments of the contract, UTC, exclusive.",
    ),
    Column(
        name="ContractPeriodStart",
        type="timestamp",
        description="Earliest start of the commitments of the contract, UTC, inclusive.",
    ),
)

_OURS = (
    Column(
        name="x_OrgSlug",
        type="string",
        pattern=SLUG,
        description="Organisation that made the commitment; the tenancy border.",
    ),
    Column(name="x_GenaiProvider", type="string", description="Provider that bills, in capitals."),
    Column(name="x_GenaiAccountId", type="string", description="Account at the provider that is billed."),
    Column(
        name="x_CredentialId",
        type="string",
        description="Credential whose list names the commitment, or `configured` for one that was entered.",
    ),
    Column(name="x_CommitmentName", type="string", nullable=True, description="Display name; null without."),
    Column(
        name="x_Meter",
        type="string",
        allowed=CAPACITY_METERS,
        description="Meter of the committed capacity in the registry of meters.",
    ),
    Column(name="x_UnitCount", type="quantity", minimum=0, description="Units of capacity at any moment of the term."),
    Column(
        name="x_DeploymentScope",
        type="string",
        nullable=True,
        allowed=CAPACITY_SCOPES,
        description="Where the capacity serves; null where the provider makes no difference.",
    ),
    Column(name="x_RegionId", type="string", nullable=True, description="Region that it is for; null for any."),
    Column(
        name="x_ProviderModelId",
        type="string",
        nullable=True,
        description="Model that it is for, as the provider spells it; null for any.",
    ),
    Column(
        name="x_AppliesTo",
        type="string",
        allowed=("account", "organisation", "resource"),
        description="What may use it: one account, all accounts of the organisation, or one resource.",
    ),
    Column(name="x_Term", type="string", allowed=TERMS, description="Length of the term, an ISO 8601 duration."),
    Column(name="x_Payment", type="string", allowed=PAYMENTS, description="How it is paid."),
    Column(
        name="x_EndedAt",
        type="timestamp",
        nullable=True,
        description="When it stopped before the end of its term, UTC; null otherwise.",
    ),
    Column(name="x_IsRenewed", type="bool", description="Whether it is renewed at the end of its term."),
    Column(
        name="x_FirstObservedAt", type="timestamp", description="When a list first showed it, or it was entered, UTC."
    ),
    Column(name="x_LastObservedAt", type="timestamp", description="When a list last showed it, UTC."),
)

CONTRACT_COMMITMENT_1_3 = Table(
    name="contract_commitment_1_3",
    layer="focus",
    model_folder="focus",
    description="One row per commitment in genai_commitments, running, ended or yet to begin, as FOCUS 1.3 Contract Commitment.",
    columns=(*CONTRACT_COLUMNS, *_OURS),
    grain=("x_OrgSlug", "x_GenaiProvider", "ContractCommitmentId"),
)
