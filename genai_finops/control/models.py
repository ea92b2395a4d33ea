"""The tables of the control database."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from genai_finops.control.advice_models import AdviceRow
from genai_finops.control.alert_models import AlertAttempt, AlertChannel, AlertDelivery, AlertRecord, AlertRoute
from genai_finops.control.anomaly_models import AnomalyRow, KnownEvent
from genai_finops.control.attribution_models import AttributionFinding, AttributionRule, StatementRule
from genai_finops.control.budget_models import BudgetRow, BudgetStateRow, BudgetWatch
from genai_finops.control.column_types import ExactDecimal, TextMapping, UtcDateTime
from genai_finops.control.model_base import Base, Entered
from genai_finops.control.quota_models import QuotaHold, QuotaReservation, QuotaSettlement, QuotaTotal

__all__ = [
    "AdviceRow",
    "AlertAttempt",
    "AlertChannel",
    "AlertDelivery",
    "AlertRecord",
    "AlertRoute",
    "AnomalyRow",
    "AttributionFinding",
    "AttributionRule",
    "AuditEntry",
    "Base",
    "BudgetRow",
    "BudgetStateRow",
    "BudgetWatch",
    "CapacityPrice",
    "Commitment",
    "CommitmentWeight",
    "Credential",
    "CredentialKind",
    "Entered",
    "HierarchyAssignment",
    "HierarchyEntity",
    "KnownEvent",
    "Organisation",
    "OrganisationPlan",
    "PriceEntry",
    "PriceScope",
    "ProviderAccount",
    "QuotaHold",
    "QuotaReservation",
    "QuotaSettlement",
    "QuotaTotal",
    "StatementRule",
]

CredentialKind = Literal["encrypted", "reference"]
PriceScope = Literal["platform", "organisation", "account"]


class Organisation(Base):
    """A customer of the platform: the tenancy border."""

    __tablename__ = "organisations"

    slug: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    is_enabled: Mapped[bool]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class ProviderAccount(Base):
    """The account at the provider that is billed. `account_id` is the provider's id of it."""

    __tablename__ = "provider_accounts"
    __table_args__ = (UniqueConstraint("org_slug", "provider", "account_id", name="uq_provider_accounts_account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(ForeignKey("organisations.slug"))
    provider: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    is_free_tier: Mapped[bool]
    is_enabled: Mapped[bool]
    #: What the provider's source must know of the account; no secrets. Replaced as a whole, never changed in place.
    options: Mapped[dict[str, str]] = mapped_column(TextMapping, server_default="{}")


class Credential(Base):
    """What an account is read with: a secret encrypted at rest, or a reference to one that is kept elsewhere."""

    __tablename__ = "credentials"
    __table_args__ = (
        PrimaryKeyConstraint("org_slug", "credential_id"),
        ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
        ),
        CheckConstraint(
            "(kind = 'encrypted' AND ciphertext IS NOT NULL AND key_id IS NOT NULL AND reference IS NULL)"
            " OR (kind = 'reference' AND ciphertext IS NULL AND key_id IS NULL AND reference IS NOT NULL)",
            name="kind",
        ),
        Index(None, "provider"),
    )

    org_slug: Mapped[str] = mapped_column(String(63))
    credential_id: Mapped[str] = mapped_column(String(63))
    provider: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[CredentialKind] = mapped_column(String(16))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Id of the master key of the ciphertext.
    key_id: Mapped[str | None] = mapped_column(String(16))
    reference: Mapped[str | None] = mapped_column(Text)
    is_enabled: Mapped[bool]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: When the ciphertext or the reference was last replaced, by a new secret or under a new master key.
    rotated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class HierarchyEntity(Base):
    """A department, project or team of an organisation, at any depth below it."""

    __tablename__ = "hierarchy_entities"
    __table_args__ = (
        PrimaryKeyConstraint("org_slug", "entity_id"),
        ForeignKeyConstraint(
            ["org_slug", "parent_entity_id"],
            ["hierarchy_entities.org_slug", "hierarchy_entities.entity_id"],
        ),
        CheckConstraint("level_code IN ('DEPT', 'PROJ', 'TEAM')", name="level_code"),
    )

    org_slug: Mapped[str] = mapped_column(String(63), ForeignKey("organisations.slug"))
    entity_id: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(255))
    level_code: Mapped[str] = mapped_column(String(4))
    parent_entity_id: Mapped[str | None] = mapped_column(String(63))
    owner: Mapped[str | None] = mapped_column(String(255))


class HierarchyAssignment(Base):
    """Who owns the cost of an account, sub-account or API key in [valid_from, valid_to)."""

    __tablename__ = "hierarchy_assignments"
    __table_args__ = (
        # The write lock keeps overlaps out; this is the part of the rule that every database can state.
        UniqueConstraint(
            "org_slug", "provider", "scope", "scope_id", "valid_from", name="uq_hierarchy_assignments_start"
        ),
        ForeignKeyConstraint(
            ["org_slug", "entity_id"],
            ["hierarchy_entities.org_slug", "hierarchy_entities.entity_id"],
        ),
        CheckConstraint("scope IN ('account', 'sub_account', 'api_key')", name="scope"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63))
    provider: Mapped[str] = mapped_column(String(63))
    scope: Mapped[str] = mapped_column(String(16))
    scope_id: Mapped[str] = mapped_column(String(255))
    entity_id: Mapped[str] = mapped_column(String(63))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)


class PriceEntry(Entered, Base):
    """A price, discount or allowance that someone entered, or an organisation's copy of a default.

    Nothing but its removal is ever changed in a row, and no row is deleted: the entries that held at a moment are those
    with entered_at <= moment < removed_at.
    """

    __tablename__ = "price_entries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
        ),
        CheckConstraint(
            "(scope = 'platform' AND org_slug IS NULL AND account_id IS NULL)"
            " OR (scope = 'organisation' AND org_slug IS NOT NULL AND account_id IS NULL)"
            " OR (scope = 'account' AND org_slug IS NOT NULL AND account_id IS NOT NULL)",
            name="scope",
        ),
        CheckConstraint(
            "CASE WHEN unit_price IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN discount_percentage IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN free_tier_quantity IS NULL THEN 0 ELSE 1 END = 1",
            name="value",
        ),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("is_custom = (default_id IS NULL)", name="origin"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removal"),
        CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name="knowledge"),
        Index(None, "org_slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[PriceScope] = mapped_column(String(16))
    org_slug: Mapped[str | None] = mapped_column(String(63), ForeignKey("organisations.slug"))
    provider: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[str | None] = mapped_column(String(255))
    #: As it was typed; rating resolves it as it does the spellings of usage.
    model: Mapped[str | None] = mapped_column(String(255))
    meter: Mapped[str | None] = mapped_column(String(63))
    service_tier: Mapped[str | None] = mapped_column(String(63))
    geography: Mapped[str | None] = mapped_column(String(63))
    context_tokens_above: Mapped[int] = mapped_column(BigInteger)
    context_tokens_up_to: Mapped[int | None] = mapped_column(BigInteger)
    variant: Mapped[str | None] = mapped_column(String(255))
    pricing_type: Mapped[str] = mapped_column(String(63))
    volume_threshold_tokens: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    unit_price: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    discount_percentage: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    discount_reason: Mapped[str | None] = mapped_column(String(63))
    free_tier_quantity: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    free_tier_reset_frequency: Mapped[str | None] = mapped_column(String(63))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    is_custom: Mapped[bool]
    #: The seed row that it is a copy of, and the version of the seed that it was copied from; null for own ones.
    default_id: Mapped[str | None] = mapped_column(String(255))
    default_version: Mapped[str | None] = mapped_column(String(255))


class OrganisationPlan(Entered, Base):
    """A subscription plan of an organisation, its own or a copy of a default; kept as the price entries are."""

    __tablename__ = "organisation_plans"
    __table_args__ = (
        CheckConstraint("end_date IS NULL OR end_date > effective_date", name="validity"),
        CheckConstraint("is_custom = (default_id IS NULL)", name="origin"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removal"),
        CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name="knowledge"),
        Index(None, "org_slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63), ForeignKey("organisations.slug"))
    subscription_id: Mapped[str] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(63))
    plan_name: Mapped[str] = mapped_column(String(255))
    is_custom: Mapped[bool]
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit_price_usd: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    effective_date: Mapped[dt.date] = mapped_column(Date)
    end_date: Mapped[dt.date | None] = mapped_column(Date)
    is_enabled: Mapped[bool]
    auth_type: Mapped[str | None] = mapped_column(String(63))
    tier_type: Mapped[str | None] = mapped_column(String(63))
    trial_end_date: Mapped[dt.date | None] = mapped_column(Date)
    trial_credit_usd: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    rpm_limit: Mapped[int | None] = mapped_column(BigInteger)
    tpm_limit: Mapped[int | None] = mapped_column(BigInteger)
    rpd_limit: Mapped[int | None] = mapped_column(BigInteger)
    tpd_limit: Mapped[int | None] = mapped_column(BigInteger)
    concurrent_limit: Mapped[int | None] = mapped_column(BigInteger)
    monthly_token_limit: Mapped[int | None] = mapped_column(BigInteger)
    daily_token_limit: Mapped[int | None] = mapped_column(BigInteger)
    committed_spend_usd: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    commitment_term_months: Mapped[int | None] = mapped_column(BigInteger)
    discount_percentage: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    #: The seed row that it is a copy of; null for own ones.
    default_id: Mapped[str | None] = mapped_column(String(255))


class Commitment(Entered, Base):
    """Reserved capacity that was ordered where no interface tells of it; kept as the price entries are.

    An order that ends early is removed and entered again with its end, so that no row ever changes.
    """

    __tablename__ = "commitments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
        ),
        CheckConstraint("ends_at > starts_at", name="term"),
        CheckConstraint("(applies_to = 'resource') = (resource_id IS NOT NULL)", name="resource"),
        CheckConstraint("(payment = 'partial_upfront') = (upfront_share IS NOT NULL)", name="payment"),
        CheckConstraint("(agreed_unit_price IS NULL) = (agreed_price_period IS NULL)", name="price"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removal"),
        CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name="knowledge"),
        Index(None, "org_slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63))
    provider: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[str] = mapped_column(String(255))
    commitment_id: Mapped[str] = mapped_column(String(255))
    contract_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    commitment_type: Mapped[str] = mapped_column(String(63))
    meter: Mapped[str] = mapped_column(String(63))
    scope: Mapped[str | None] = mapped_column(String(16))
    applies_to: Mapped[str] = mapped_column(String(16))
    resource_id: Mapped[str | None] = mapped_column(String(255))
    #: As it was typed; resolved as the spellings of usage are.
    model: Mapped[str | None] = mapped_column(String(255))
    region: Mapped[str | None] = mapped_column(String(63))
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal)
    term: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    payment: Mapped[str] = mapped_column(String(16))
    upfront_share: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    agreed_unit_price: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    agreed_price_period: Mapped[str | None] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    is_renewed: Mapped[bool]
    #: Weighted tokens per minute that one unit serves; null where the packaged list decides.
    tokens_per_minute: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    weights: Mapped[list["CommitmentWeight"]] = relationship(order_by="CommitmentWeight.id", lazy="selectin")


class CommitmentWeight(Base):
    """How many weighted tokens a token of a meter counts on the capacity of one order."""

    __tablename__ = "commitment_weights"
    __table_args__ = (
        UniqueConstraint("commitment", "token_meter", "context_tokens_above", name="uq_commitment_weights_meter"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment: Mapped[int] = mapped_column(ForeignKey("commitments.id"))
    token_meter: Mapped[str] = mapped_column(String(63))
    #: For prompts longer than this.
    context_tokens_above: Mapped[int] = mapped_column(BigInteger)
    weight: Mapped[Decimal] = mapped_column(ExactDecimal)


class CapacityPrice(Entered, Base):
    """An organisation's or account's own price of capacity or an accelerator; kept as the price entries are."""

    __tablename__ = "capacity_prices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
        ),
        CheckConstraint("(purchase_option = 'commitment') = (term IS NOT NULL)", name="term"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removal"),
        CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name="knowledge"),
        Index(None, "org_slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63), ForeignKey("organisations.slug"))
    provider: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[str | None] = mapped_column(String(255))
    meter: Mapped[str] = mapped_column(String(63))
    #: Canonical, or lower-case as it was typed where no rule knew it.
    model: Mapped[str | None] = mapped_column(String(255))
    variant: Mapped[str | None] = mapped_column(String(255))
    workload: Mapped[str | None] = mapped_column(String(63))
    scope: Mapped[str | None] = mapped_column(String(16))
    region: Mapped[str | None] = mapped_column(String(63))
    purchase_option: Mapped[str] = mapped_column(String(16))
    term: Mapped[str | None] = mapped_column(String(16))
    payment: Mapped[str | None] = mapped_column(String(16))
    price_period: Mapped[str] = mapped_column(String(16))
    unit_price: Mapped[Decimal] = mapped_column(ExactDecimal)
    currency: Mapped[str] = mapped_column(String(3))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(String(255))


class AuditEntry(Base):
    """Who changed what and when. Names fields, never the value of a secret."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(255))
    #: `<subject>.<verb>`, for example `credential.add`.
    action: Mapped[str] = mapped_column(String(63))
    org_slug: Mapped[str | None] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
