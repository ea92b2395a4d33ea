"""The tables of the control database that say what was alerted, who is told of it where, and what became of that."""

import datetime as dt
import json
from decimal import Decimal
from typing import Literal

from sqlalchemy import (
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from genai_finops.control.alert_content import AlertKind, AlertSeverity, Driver
from genai_finops.control.column_types import ExactDecimal, TextMapping, UtcDateTime
from genai_finops.control.model_base import Base

#: `held`: due when quiet hours end. `dead`: given up; nothing but `alert retry` sends it again.
DeliveryState = Literal["pending", "held", "sent", "dead"]
AttemptOutcome = Literal["sent", "failed", "refused"]


class DriverList(TypeDecorator[tuple[Driver, ...]]):
    """Drivers in their order, as JSON; amounts as text, because a JSON number would not keep them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Driver, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps([[driver.name, f"{driver.amount:f}"] for driver in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Driver, ...] | None:  # noqa: ARG002
        if value is None:
            return None
        return tuple(Driver(name=name, amount=Decimal(amount)) for name, amount in json.loads(value))


class AlertRecord(Base):
    """An alert as it was raised. Nothing but `last_told_at` ever changes."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("severity IN ('info', 'warning', 'critical', 'exceeded')", name="severity"),
        Index("ix_alerts_owner_raised_at", "owner", "raised_at"),
        Index(None, "raised_at"),
        Index(None, "period_end"),
        Index(None, "recovers"),
    )

    alert_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(63))
    kind: Mapped[AlertKind] = mapped_column(String(16))
    severity: Mapped[AlertSeverity] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    is_sent: Mapped[bool]
    currency: Mapped[str | None] = mapped_column(String(3))
    spend: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    amount: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    forecast: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    threshold: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    period_start: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    period_end: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    data_as_of: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    drivers: Mapped[tuple[Driver, ...]] = mapped_column(DriverList)
    link: Mapped[str | None] = mapped_column(Text)
    recovers: Mapped[str | None] = mapped_column(String(64))
    figures: Mapped[dict[str, str]] = mapped_column(TextMapping)
    #: Whether any route asked for it when it was raised. An alert that is to be sent and has none reaches nobody.
    is_routed: Mapped[bool]
    #: When deliveries of it were last made: as it was raised, or reminded of.
    last_told_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AlertChannel(Base):
    """Somewhere that alerts are sent to. What it needs to be secret is encrypted, or a reference."""

    __tablename__ = "alert_channels"
    __table_args__ = (
        UniqueConstraint("owner", "name", name="uq_alert_channels_name"),
        CheckConstraint("(ciphertext IS NULL) = (key_id IS NULL)", name="key"),
        CheckConstraint("ciphertext IS NULL OR reference IS NULL", name="secret"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Organisation, or `*` for the platform.
    owner: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(63))
    #: No secrets. Replaced as a whole, never changed in place.
    options: Mapped[dict[str, str]] = mapped_column(TextMapping)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Id of the master key of the ciphertext.
    key_id: Mapped[str | None] = mapped_column(String(16))
    reference: Mapped[str | None] = mapped_column(Text)
    #: Whether addresses of private networks and of this machine may be reached.
    allow_private: Mapped[bool]
    #: Whether it may send without encryption.
    allow_plain: Mapped[bool]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AlertRoute(Base):
    """Which alerts go to a channel, and at which hours not."""

    __tablename__ = "alert_routes"
    __table_args__ = (
        CheckConstraint("owner = '*' OR alerts_of = owner", name="tenancy"),
        CheckConstraint("min_severity IN ('info', 'warning', 'critical', 'exceeded')", name="severity"),
        CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND (quiet_from IS NULL) = (time_zone IS NULL)", name="quiet"
        ),
        Index(None, "channel_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: That of the channel.
    owner: Mapped[str] = mapped_column(String(63))
    channel_id: Mapped[int] = mapped_column(ForeignKey("alert_channels.id"))
    #: Whose alerts: an organisation's, the platform's own (`*`), or everybody's (null; of the platform's routes only).
    alerts_of: Mapped[str | None] = mapped_column(String(63))
    min_severity: Mapped[AlertSeverity] = mapped_column(String(16))
    #: Names with commas between them; empty: all kinds.
    kinds: Mapped[str] = mapped_column(String(255))
    #: Wall clock, HH:MM, of `time_zone`. Over midnight where it ends before it begins.
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    time_zone: Mapped[str | None] = mapped_column(String(63))
    #: Alerts of this severity and above are sent at quiet hours too; null: none.
    breakthrough: Mapped[AlertSeverity | None] = mapped_column(String(16))
    channel: Mapped[AlertChannel] = relationship(lazy="joined")


class AlertDelivery(Base):
    """One sending of an alert to a channel, or one that is to be made. Stays when the channel is removed."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        UniqueConstraint("alert_id", "channel_owner", "channel_name", "sequence", name="uq_alert_deliveries_sequence"),
        CheckConstraint("state IN ('pending', 'held', 'sent', 'dead')", name="state"),
        CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name="lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        Index("ix_alert_deliveries_state_not_before", "state", "not_before"),
        Index(None, "channel_owner", "channel_name"),
    )

    #: Made of alert, channel and sequence: the same at every attempt, so that receivers can tell repeats.
    delivery_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.alert_id"))
    channel_owner: Mapped[str] = mapped_column(String(63))
    channel_name: Mapped[str] = mapped_column(String(63))
    #: 1, then one more for each reminder.
    sequence: Mapped[int]
    state: Mapped[DeliveryState] = mapped_column(String(16))
    #: How often it was begun to be sent, ever.
    attempts: Mapped[int]
    #: Since when it is to be sent: attempts before it (those before a retry by hand) do not count against it.
    due_since: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: Who sends it now, and until when nobody else may.
    lease_holder: Mapped[str | None] = mapped_column(String(63))
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    #: Redacted. Of the last attempt that failed, or what is to be said of one that did not.
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    alert: Mapped[AlertRecord] = relationship(lazy="joined")


class AlertAttempt(Base):
    """One attempt of a delivery. Without an outcome: under way, or its process died and nobody knows."""

    __tablename__ = "alert_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("delivery_id", "attempt"),
        CheckConstraint("outcome IN ('sent', 'failed', 'refused')", name="outcome"),
    )

    delivery_id: Mapped[str] = mapped_column(ForeignKey("alert_deliveries.delivery_id"))
    attempt: Mapped[int]
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[AttemptOutcome | None] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Text)
