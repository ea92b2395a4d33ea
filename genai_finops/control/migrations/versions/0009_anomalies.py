"""Days that cost other than expected, and events that explain such days."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anomalies",
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("anomaly_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("usage_date", sa.Date(), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("actual", sa.String(64), nullable=False),
        sa.Column("expected", sa.String(64), nullable=False),
        sa.Column("allowed", sa.String(64), nullable=False),
        sa.Column("baseline_day", sa.Date(), nullable=False),
        sa.Column("effects", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("muted_by", sa.String(255), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_slug", "anomaly_id", name="pk_anomalies"),
        sa.CheckConstraint("severity IN ('info', 'warning', 'critical')", name=op.f("ck_anomalies_severity")),
        sa.CheckConstraint("direction IN ('up', 'down')", name=op.f("ck_anomalies_direction")),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_anomalies_seen")),
    )
    op.create_index("ix_anomalies_usage_date", "anomalies", ["usage_date"])
    op.create_table(
        "known_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_known_events"),
        sa.UniqueConstraint("owner", "name", name="uq_known_events_name"),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_known_events_days")),
    )


def downgrade() -> None:
    op.drop_table("known_events")
    op.drop_table("anomalies")
