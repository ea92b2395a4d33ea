"""The tables of the control database that say what may be spent, and what was last found of it."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genai_finops.control.column_types import ExactDecimal, TextMapping, TextMappings, UtcDateTime
from genai_finops.control.model_base import Base

#: `waiting`: its first period is still to come. `over`: its last one has ended. `failed`: it could not be evaluated.
StateStatus = Literal["evaluated", "waiting", "over", "failed"]


class BudgetRow(Base):
    """A budget. What its columns mean is said in budgets/budget.py."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("owner", "name", name="uq_budgets_name"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("(measure = 'tokens') = (currency IS NULL)", name="currency"),
        CheckConstraint("period <> 'custom' OR valid_to IS NOT NULL", name="period"),
        # Ids are never used again: reservations and alerts of a removed budget must not become those of another one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: An organisation's slug, or `*` for the platform.
    owner: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    #: Value by dimension. Replaced as a whole, never changed in place; so are the thresholds.
    scope: Mapped[dict[str, str]] = mapped_column(TextMapping)
    period: Mapped[str] = mapped_column(String(16))
    time_zone: Mapped[str] = mapped_column(String(63))
    measure: Mapped[str] = mapped_column(String(16))
    amount: Mapped[Decimal] = mapped_column(ExactDecimal)
    currency: Mapped[str | None] = mapped_column(String(3))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    is_rolling_over: Mapped[bool]
    rollover_limit: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    #: `share`, `kind`, `severity` and `actions` (with blanks between) of each, in their order.
    thresholds: Mapped[list[dict[str, str]]] = mapped_column(TextMappings)
    when_unknown: Mapped[str] = mapped_column(String(8))
    remind_after_seconds: Mapped[int | None] = mapped_column(BigInteger)
    cool_down_seconds: Mapped[int] = mapped_column(BigInteger)
    late_after_seconds: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str | None] = mapped_column(Text)
    #: When it was added or last changed.
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class BudgetStateRow(Base):
    """What the last evaluation found of a budget. It decides nothing: from the same cost it is found again."""

    __tablename__ = "budget_states"
    __table_args__ = (
        CheckConstraint("status IN ('evaluated', 'waiting', 'over', 'failed')", name="status"),
        CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure"),
    )

    budget_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("budgets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    status: Mapped[StateStatus] = mapped_column(String(16))
    #: Why it failed; what else the row says is then of the last evaluation that did not.
    failure: Mapped[str | None] = mapped_column(Text)
    #: As of when the figures are; that they still hold is confirmed by `budget_watch.ticked_at`.
    evaluated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    #: None before the first evaluation that did not fail, like the other figures.
    period_start: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    period_end: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    #: Amount of the period with what was carried into it.
    available: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    carried: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    spend: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    #: Of the whole period; None without a forecast, like the fields of it that follow.
    forecast: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    forecast_lower_80: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    forecast_upper_80: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    forecast_lower_95: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    forecast_upper_95: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    exhaustion_day: Mapped[dt.date | None] = mapped_column(Date)
    forecast_method: Mapped[str | None] = mapped_column(String(63))
    backtest_error: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    history_days: Mapped[int | None] = mapped_column(Integer)
    #: `day`, `reason`, `factor` and `amount_per_day` of each known change.
    known_changes: Mapped[list[dict[str, str]]] = mapped_column(TextMappings)
    #: Moment before which everything is known, ISO 8601, by provider.
    data_as_of: Mapped[dict[str, str]] = mapped_column(TextMapping)
    #: Spend in other currencies, which is never added.
    uncounted: Mapped[dict[str, str]] = mapped_column(TextMapping)
    is_late: Mapped[bool]
    is_blocked: Mapped[bool]
    #: Severity by what is crossed, as in `actual 0.75`.
    crossed: Mapped[dict[str, str]] = mapped_column(TextMapping)


class BudgetWatch(Base):
    """One row: by which others see whether anything changed, and the tick whether it must look again."""

    __tablename__ = "budget_watch"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Moves with every change of a budget or of a state.
    version: Mapped[int] = mapped_column(BigInteger)
    #: Moves with every change of a budget.
    budgets_version: Mapped[int] = mapped_column(BigInteger)
    #: Last tick that found the data readable, whether or not anything had changed.
    ticked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    #: What the last full evaluation had seen of the data and of the budgets.
    seen_data: Mapped[str | None] = mapped_column(Text)
    seen_budgets: Mapped[int | None] = mapped_column(BigInteger)
    #: Until then nothing changes by the mere passing of time.
    next_look_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
