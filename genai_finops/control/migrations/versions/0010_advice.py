"""Advice on spending less, and what its saving is measured against."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advice",
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("advice_id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(63), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("current_cost", sa.String(64), nullable=False),
        sa.Column("saving", sa.String(64), nullable=False),
        sa.Column("monthly_saving", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("query_sql", sa.Text(), nullable=False),
        sa.Column("query_parameters", sa.Text(), nullable=False),
        sa.Column("baseline_method", sa.String(63), nullable=False),
        sa.Column("baseline_requests", sa.Integer(), nullable=True),
        sa.Column("baseline_lines", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("formula_version", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(255), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("org_slug", "advice_id", name="pk_advice"),
        sa.CheckConstraint(
            "state IN ('open', 'resolved', 'accepted', 'dismissed', 'done')", name=op.f("ck_advice_state")
        ),
        sa.CheckConstraint("confidence IN ('high', 'medium', 'low')", name=op.f("ck_advice_confidence")),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_advice_seen")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_advice_days")),
        sa.CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name=op.f("ck_advice_done")),
    )
    op.create_index("ix_advice_state", "advice", ["state"])


def downgrade() -> None:
    op.drop_table("advice")
