"""Alerts, where they go, and what became of each delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SEVERITIES = "('info', 'warning', 'critical', 'exceeded')"


def upgrade() -> None:
    _create_alerts()
    _create_channels()
    _create_deliveries()


def downgrade() -> None:
    for table in ("alert_attempts", "alert_deliveries", "alert_routes", "alert_channels", "alerts"):
        op.drop_table(table)


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("spend", sa.String(64), nullable=True),
        sa.Column("amount", sa.String(64), nullable=True),
        sa.Column("forecast", sa.String(64), nullable=True),
        sa.Column("threshold", sa.String(64), nullable=True),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drivers", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("recovers", sa.String(64), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("is_routed", sa.Boolean(), nullable=False),
        sa.Column("last_told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        sa.CheckConstraint(f"severity IN {_SEVERITIES}", name=op.f("ck_alerts_severity")),
    )
    op.create_index("ix_alerts_owner_raised_at", "alerts", ["owner", "raised_at"])
    for column in ("raised_at", "period_end", "recovers"):
        op.create_index(f"ix_alerts_{column}", "alerts", [column])


def _create_channels() -> None:
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(63), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(16), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("allow_plain", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_channels"),
        sa.UniqueConstraint("owner", "name", name="uq_alert_channels_name"),
        sa.CheckConstraint("(ciphertext IS NULL) = (key_id IS NULL)", name=op.f("ck_alert_channels_key")),
        sa.CheckConstraint("ciphertext IS NULL OR reference IS NULL", name=op.f("ck_alert_channels_secret")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alert_routes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("alerts_of", sa.String(63), nullable=True),
        sa.Column("min_severity", sa.String(16), nullable=False),
        sa.Column("kinds", sa.String(255), nullable=False),
        sa.Column("quiet_from", sa.String(5), nullable=True),
        sa.Column("quiet_until", sa.String(5), nullable=True),
        sa.Column("time_zone", sa.String(63), nullable=True),
        sa.Column("breakthrough", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert_routes"),
        sa.ForeignKeyConstraint(["channel_id"], ["alert_channels.id"], name="fk_alert_routes_alert_channels"),
        sa.CheckConstraint("owner = '*' OR alerts_of = owner", name=op.f("ck_alert_routes_tenancy")),
        sa.CheckConstraint(f"min_severity IN {_SEVERITIES}", name=op.f("ck_alert_routes_severity")),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND (quiet_from IS NULL) = (time_zone IS NULL)",
            name=op.f("ck_alert_routes_quiet"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_routes_channel_id", "alert_routes", ["channel_id"])


def _create_deliveries() -> None:
    op.create_table(
        "alert_deliveries",
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(64), nullable=False),
        sa.Column("channel_owner", sa.String(63), nullable=False),
        sa.Column("channel_name", sa.String(63), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_holder", sa.String(63), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_alert_deliveries"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_alert_deliveries_alerts"),
        sa.UniqueConstraint(
            "alert_id", "channel_owner", "channel_name", "sequence", name="uq_alert_deliveries_sequence"
        ),
        sa.CheckConstraint("state IN ('pending', 'held', 'sent', 'dead')", name=op.f("ck_alert_deliveries_state")),
        sa.CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_alert_deliveries_lease")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_alert_deliveries_sent")),
    )
    op.create_index("ix_alert_deliveries_state_not_before", "alert_deliveries", ["state", "not_before"])
    op.create_index(
        "ix_alert_deliveries_channel_owner_channel_name", "alert_deliveries", ["channel_owner", "channel_name"]
    )
    op.create_table(
        "alert_attempts",
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name="pk_alert_attempts"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["alert_deliveries.delivery_id"], name="fk_alert_attempts_alert_deliveries"
        ),
        sa.CheckConstraint("outcome IN ('sent', 'failed', 'refused')", name=op.f("ck_alert_attempts_outcome")),
    )
