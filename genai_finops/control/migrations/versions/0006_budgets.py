"""Budgets, and what was last found of each."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("time_zone", sa.String(63), nullable=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("amount", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("is_rolling_over", sa.Boolean(), nullable=False),
        sa.Column("rollover_limit", sa.String(64), nullable=True),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("when_unknown", sa.String(8), nullable=False),
        sa.Column("remind_after_seconds", sa.BigInteger(), nullable=True),
        sa.Column("cool_down_seconds", sa.BigInteger(), nullable=False),
        sa.Column("late_after_seconds", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint("owner", "name", name="uq_budgets_name"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_budgets_validity")),
        sa.CheckConstraint("(measure = 'tokens') = (currency IS NULL)", name=op.f("ck_budgets_currency")),
        sa.CheckConstraint("period <> 'custom' OR valid_to IS NOT NULL", name=op.f("ck_budgets_period")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "budget_states",
        sa.Column("budget_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available", sa.String(64), nullable=True),
        sa.Column("carried", sa.String(64), nullable=True),
        sa.Column("spend", sa.String(64), nullable=True),
        sa.Column("forecast", sa.String(64), nullable=True),
        sa.Column("forecast_lower_80", sa.String(64), nullable=True),
        sa.Column("forecast_upper_80", sa.String(64), nullable=True),
        sa.Column("forecast_lower_95", sa.String(64), nullable=True),
        sa.Column("forecast_upper_95", sa.String(64), nullable=True),
        sa.Column("exhaustion_day", sa.Date(), nullable=True),
        sa.Column("forecast_method", sa.String(63), nullable=True),
        sa.Column("backtest_error", sa.String(64), nullable=True),
        sa.Column("history_days", sa.Integer(), nullable=True),
        sa.Column("known_changes", sa.Text(), nullable=False),
        sa.Column("data_as_of", sa.Text(), nullable=False),
        sa.Column("uncounted", sa.Text(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("crossed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("budget_id", name="pk_budget_states"),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name="fk_budget_states_budgets", ondelete="CASCADE"),
        sa.CheckConstraint(
            "status IN ('evaluated', 'waiting', 'over', 'failed')", name=op.f("ck_budget_states_status")
        ),
        sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f("ck_budget_states_failure")),
    )
    watch = op.create_table(
        "budget_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("budgets_version", sa.BigInteger(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_data", sa.Text(), nullable=True),
        sa.Column("seen_budgets", sa.BigInteger(), nullable=True),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_budget_watch"),
        sa.CheckConstraint("id = 1", name=op.f("ck_budget_watch_id")),
    )
    op.bulk_insert(watch, [{"id": 1, "version": 0, "budgets_version": 0}])


def downgrade() -> None:
    op.drop_table("budget_watch")
    op.drop_table("budget_states")
    op.drop_table("budgets")
