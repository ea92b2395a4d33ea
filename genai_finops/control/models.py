"""The tables of the control database."""

import datetime as dt
import json
from decimal import Decimal
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CredentialKind = Literal["encrypted", "reference"]
PriceScope = Literal["platform", "organisation", "account"]


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment in UTC. SQLite keeps no zone, so that other zones are refused rather than bent."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.utcoffset() != dt.timedelta(0):
            raise ValueError(f"{value!r} is not in UTC")
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


class TextMapping(TypeDecorator[dict[str, str]]):
    """A mapping of text to text as JSON, keys sorted, so that equal mappings are equal texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, str] | None:  # noqa: ARG002
        return None if value is None else dict(json.loads(value))


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal as text without exponent and trailing zeros, because numbers of SQLite are binary."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is not a number")
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """Constraints have names, because a migration can only drop what has one."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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


class PriceEntry(Base):
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
    entered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    entered_by: Mapped[str] = mapped_column(String(255))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)
    removed_by: Mapped[str | None] = mapped_column(String(255))


class OrganisationPlan(Base):
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
    entered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    entered_by: Mapped[str] = mapped_column(String(255))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)
    removed_by: Mapped[str | None] = mapped_column(String(255))


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
