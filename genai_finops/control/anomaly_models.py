"""The tables of the control database that keep anomalies, and the events that explain some beforehand."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from sqlalchemy import CheckConstraint, Date, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genai_finops.control.column_types import ExactDecimal, TextMapping, UtcDateTime
from genai_finops.control.model_base import Base

AnomalySeverity = Literal["info", "warning", "critical"]
AnomalyDirection = Literal["up", "down"]


class AnomalyRow(Base):
    """A scope and day that cost other than expected; found again, it is the same row."""

    __tablename__ = "anomalies"
    __table_args__ = (
        PrimaryKeyConstraint("org_slug", "anomaly_id"),
        CheckConstraint("severity IN ('info', 'warning', 'critical')", name="severity"),
        CheckConstraint("direction IN ('up', 'down')", name="direction"),
        CheckConstraint("last_seen_at >= first_seen_at", name="seen"),
        Index(None, "usage_date"),
    )

    org_slug: Mapped[str] = mapped_column(String(63))
    anomaly_id: Mapped[str] = mapped_column(String(64))
    #: Value by dimension. Replaced as a whole, never changed in place; so are the effects.
    scope: Mapped[dict[str, str]] = mapped_column(TextMapping)
    usage_date: Mapped[dt.date] = mapped_column(Date)
    direction: Mapped[AnomalyDirection] = mapped_column(String(8))
    severity: Mapped[AnomalySeverity] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    actual: Mapped[Decimal] = mapped_column(ExactDecimal)
    #: Cost of the baseline day.
    expected: Mapped[Decimal] = mapped_column(ExactDecimal)
    #: Half the width of the expected interval.
    allowed: Mapped[Decimal] = mapped_column(ExactDecimal)
    baseline_day: Mapped[dt.date] = mapped_column(Date)
    #: Amount by effect: they add up to actual - expected.
    effects: Mapped[dict[str, str]] = mapped_column(TextMapping)
    message: Mapped[str] = mapped_column(Text)
    #: Name of the known event that mutes it.
    muted_by: Mapped[str | None] = mapped_column(String(255))
    first_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class KnownEvent(Base):
    """Something that is known to change the cost of a scope on some days: a launch, a load test."""

    __tablename__ = "known_events"
    __table_args__ = (
        UniqueConstraint("owner", "name", name="uq_known_events_name"),
        CheckConstraint("last_day >= first_day", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Organisation, or * for the platform.
    owner: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(255))
    #: Value by dimension; without any, all of the owner's. Replaced as a whole, never changed in place.
    scope: Mapped[dict[str, str]] = mapped_column(TextMapping)
    #: Both inclusive.
    first_day: Mapped[dt.date] = mapped_column(Date)
    last_day: Mapped[dt.date] = mapped_column(Date)
