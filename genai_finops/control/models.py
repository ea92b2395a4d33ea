"""The tables of the control database."""

import datetime as dt
import json
from typing import Literal

from sqlalchemy import (
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
