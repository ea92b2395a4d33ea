"""The tables of the control database that say whom cost belongs to, and what was noticed about it."""

import datetime as dt
from typing import Literal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genai_finops.control.column_types import TextMapping, UtcDateTime
from genai_finops.control.model_base import Base

FindingSeverity = Literal["info", "warning", "critical"]


class AttributionRule(Base):
    """Whom cost of a key, resource, project or account belongs to in [valid_from, valid_to), where logs do not say."""

    __tablename__ = "attribution_rules"
    __table_args__ = (
        # The write lock keeps overlaps out; this is the part of the rule that every database can state.
        UniqueConstraint(
            "org_slug",
            "provider",
            "scope",
            "scope_id",
            "dimension",
            "valid_from",
            name="uq_attribution_rules_start",
        ),
        CheckConstraint("scope IN ('tenant', 'account', 'sub_account', 'resource', 'api_key')", name="scope"),
        CheckConstraint("(scope = 'tenant') = (provider IS NULL)", name="provider"),
        CheckConstraint("dimension IN ('tenant', 'user', 'task')", name="dimension"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63), ForeignKey("organisations.slug"))
    #: None exactly for the scope tenant.
    provider: Mapped[str | None] = mapped_column(String(63))
    scope: Mapped[str] = mapped_column(String(16))
    scope_id: Mapped[str] = mapped_column(String(500))
    dimension: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(500))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)


class AttributionFinding(Base):
    """Something about the attribution that someone should look at; seen again, it is the same row.

    The organisation need not be registered: logs may name one that is not.
    """

    __tablename__ = "attribution_findings"
    __table_args__ = (
        PrimaryKeyConstraint("org_slug", "finding_id"),
        CheckConstraint("severity IN ('info', 'warning', 'critical')", name="severity"),
        CheckConstraint("last_seen_at >= first_seen_at", name="seen"),
        Index(None, "resolved_at"),
    )

    org_slug: Mapped[str] = mapped_column(String(63))
    finding_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(63))
    severity: Mapped[FindingSeverity] = mapped_column(String(16))
    #: As logged, of any length.
    tenant_id: Mapped[str | None] = mapped_column(Text)
    conversation_id: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(String(63))
    usage_date: Mapped[dt.date | None] = mapped_column(Date)
    message: Mapped[str] = mapped_column(Text)
    #: Numbers and names of the message, as text. Replaced as a whole, never changed in place.
    figures: Mapped[dict[str, str]] = mapped_column(TextMapping)
    first_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class StatementRule(Base):
    """What a tenant is charged beside or instead of its cost in [valid_from, valid_to): markup, price, minimum."""

    __tablename__ = "statement_rules"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        Index(None, "org_slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_slug: Mapped[str] = mapped_column(String(63), ForeignKey("organisations.slug"))
    #: None: every tenant without a rule of its own.
    tenant_id: Mapped[str | None] = mapped_column(Text)
    #: None: cost of every provider, or of every model of it.
    provider: Mapped[str | None] = mapped_column(String(63))
    model_id: Mapped[str | None] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(63))
    #: What they are depends on the kind. Replaced as a whole, never changed in place.
    parameters: Mapped[dict[str, str]] = mapped_column(TextMapping)
    #: None: cost in every currency; only for a kind without an amount.
    currency: Mapped[str | None] = mapped_column(String(3))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
