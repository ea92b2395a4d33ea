"""The table of the control database that keeps advice, what was decided on it, and what its saving is measured by."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from sqlalchemy import CheckConstraint, Date, Index, PrimaryKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from genai_finops.control.column_types import ExactDecimal, TextMapping, TextMappings, UtcDateTime
from genai_finops.control.model_base import Base

AdviceState = Literal["open", "resolved", "accepted", "dismissed", "done"]
AdviceConfidence = Literal["high", "medium", "low"]


class AdviceRow(Base):
    """A piece of advice; given again, it is the same row.

    Figures and baseline are those of the last time while it is open or resolved, and stay once something is decided.
    """

    __tablename__ = "advice"
    __table_args__ = (
        PrimaryKeyConstraint("org_slug", "advice_id"),
        CheckConstraint("state IN ('open', 'resolved', 'accepted', 'dismissed', 'done')", name="state"),
        CheckConstraint("confidence IN ('high', 'medium', 'low')", name="confidence"),
        CheckConstraint("last_seen_at >= first_seen_at", name="seen"),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="done"),
        Index(None, "state"),
    )

    org_slug: Mapped[str] = mapped_column(String(63))
    advice_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(63))
    #: Advice of one group speaks of the same money.
    group_id: Mapped[str] = mapped_column(Text)
    #: Replaced as a whole, never changed in place; so are the other mappings.
    subject: Mapped[dict[str, str]] = mapped_column(TextMapping)
    summary: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    #: Of the days first_day to last_day, both inclusive.
    current_cost: Mapped[Decimal] = mapped_column(ExactDecimal)
    saving: Mapped[Decimal] = mapped_column(ExactDecimal)
    #: Of 30 days.
    monthly_saving: Mapped[Decimal] = mapped_column(ExactDecimal)
    first_day: Mapped[dt.date] = mapped_column(Date)
    last_day: Mapped[dt.date] = mapped_column(Date)
    confidence: Mapped[AdviceConfidence] = mapped_column(String(16))
    #: One a line.
    reasons: Mapped[str] = mapped_column(Text)
    query_sql: Mapped[str] = mapped_column(Text)
    query_parameters: Mapped[list[dict[str, str]]] = mapped_column(TextMappings)
    #: What a realised saving is measured against, and by which formulas.
    baseline_method: Mapped[str] = mapped_column(String(63))
    baseline_requests: Mapped[int | None]
    baseline_lines: Mapped[list[dict[str, str]]] = mapped_column(TextMappings)
    target: Mapped[dict[str, str]] = mapped_column(TextMapping)
    formula_version: Mapped[str] = mapped_column(String(16))
    state: Mapped[AdviceState] = mapped_column(String(16))
    first_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(255))
    #: First UTC day on which it was in effect.
    done_on: Mapped[dt.date | None] = mapped_column(Date)
