"""The tables of the control database that keep requests which are under way from spending the same money twice."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from genai_finops.control.column_types import ExactDecimal, TextMapping, UtcDateTime
from genai_finops.control.model_base import Base

Outcome = Literal["settled", "released"]


class QuotaReservation(Base):
    """A request that was let through: what it was expected to take, and in the end took."""

    __tablename__ = "quota_reservations"
    __table_args__ = (
        CheckConstraint("expires_at > made_at", name="expiry"),
        CheckConstraint("outcome IN ('settled', 'released')", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="end"),
        CheckConstraint("(estimated_cost IS NULL) = (currency IS NULL)", name="currency"),
        Index(None, "expires_at"),
    )

    reservation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Value by dimension, as the caller gave it. Replaced as a whole, never changed in place.
    scope: Mapped[dict[str, str]] = mapped_column(TextMapping)
    estimated_cost: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    currency: Mapped[str | None] = mapped_column(String(3))
    estimated_tokens: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: None while the request is under way, or nobody ever said how it ended.
    outcome: Mapped[Outcome | None] = mapped_column(String(16))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    actual_cost: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    actual_tokens: Mapped[Decimal | None] = mapped_column(ExactDecimal)


class QuotaHold(Base):
    """What a reservation takes of one budget, in the budget's currency or in tokens; 0 where that was not said."""

    __tablename__ = "quota_holds"
    __table_args__ = (
        PrimaryKeyConstraint("reservation_id", "budget_id"),
        Index("ix_quota_holds_counted", "budget_id", "is_counted", "expires_at"),
    )

    reservation_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("quota_reservations.reservation_id", ondelete="CASCADE")
    )
    #: No foreign key: what a removed budget still holds harms nobody, and expires.
    budget_id: Mapped[int] = mapped_column(Integer)
    #: None for tokens.
    currency: Mapped[str | None] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(ExactDecimal)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: Whether the amount is part of the budget's total: until it is settled, released or found expired.
    is_counted: Mapped[bool]


class QuotaSettlement(Base):
    """What was settled for a budget and provider in five minutes; it counts until the budget's spend includes it."""

    __tablename__ = "quota_settlements"
    __table_args__ = (PrimaryKeyConstraint("budget_id", "settled_from", "provider"),)

    budget_id: Mapped[int] = mapped_column(Integer)
    #: Start of the five minutes.
    settled_from: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: Empty where the requests named none.
    provider: Mapped[str] = mapped_column(String(63))
    amount: Mapped[Decimal] = mapped_column(ExactDecimal)


class QuotaTotal(Base):
    """Sums of a budget's holds and settlements, so that a check does not add up every request."""

    __tablename__ = "quota_totals"

    budget_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    #: Of the holds with is_counted.
    held: Mapped[Decimal] = mapped_column(ExactDecimal)
    #: No hold expires earlier; None without any.
    expires_from: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    #: Of the settlements that the budget's spend does not include yet, by `counted_since`.
    settled: Mapped[Decimal] = mapped_column(ExactDecimal)
    #: Digest of the moments by provider since which settlements are in `settled`; when these move, it is added up anew.
    counted_since: Mapped[str] = mapped_column(String(64))
