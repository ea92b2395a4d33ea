"""Reservations of requests that are under way, and what was settled but is not yet among the spend."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_reservations",
        sa.Column("reservation_id", sa.String(32), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("estimated_cost", sa.String(64), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("estimated_tokens", sa.String(64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_cost", sa.String(64), nullable=True),
        sa.Column("actual_tokens", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("reservation_id", name="pk_quota_reservations"),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_quota_reservations_expiry")),
        sa.CheckConstraint("outcome IN ('settled', 'released')", name=op.f("ck_quota_reservations_outcome")),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_quota_reservations_end")),
        sa.CheckConstraint(
            "(estimated_cost IS NULL) = (currency IS NULL)", name=op.f("ck_quota_reservations_currency")
        ),
    )
    op.create_index("ix_quota_reservations_expires_at", "quota_reservations", ["expires_at"])
    op.create_table(
        "quota_holds",
        sa.Column("reservation_id", sa.String(32), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("amount", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("reservation_id", "budget_id", name="pk_quota_holds"),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["quota_reservations.reservation_id"],
            name="fk_quota_holds_quota_reservations",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_quota_holds_counted", "quota_holds", ["budget_id", "is_counted", "expires_at"])
    op.create_table(
        "quota_settlements",
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("settled_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("amount", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("budget_id", "settled_from", "provider", name="pk_quota_settlements"),
    )
    op.create_table(
        "quota_totals",
        sa.Column("budget_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("held", sa.String(64), nullable=False),
        sa.Column("expires_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.String(64), nullable=False),
        sa.Column("counted_since", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("budget_id", name="pk_quota_totals"),
    )


def downgrade() -> None:
    op.drop_table("quota_totals")
    op.drop_table("quota_settlements")
    op.drop_table("quota_holds")
    op.drop_table("quota_reservations")
