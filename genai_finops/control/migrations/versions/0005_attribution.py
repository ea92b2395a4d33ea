"""Whom cost belongs to where logs do not say, what was noticed about it, and what tenants are charged."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attribution_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("scope_id", sa.String(500), nullable=False),
        sa.Column("dimension", sa.String(16), nullable=False),
        sa.Column("value", sa.String(500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attribution_rules"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_attribution_rules_organisations"),
        sa.UniqueConstraint(
            "org_slug",
            "provider",
            "scope",
            "scope_id",
            "dimension",
            "valid_from",
            name="uq_attribution_rules_start",
        ),
        sa.CheckConstraint(
            "scope IN ('tenant', 'account', 'sub_account', 'resource', 'api_key')",
            name=op.f("ck_attribution_rules_scope"),
        ),
        sa.CheckConstraint("(scope = 'tenant') = (provider IS NULL)", name=op.f("ck_attribution_rules_provider")),
        sa.CheckConstraint("dimension IN ('tenant', 'user', 'task')", name=op.f("ck_attribution_rules_dimension")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_attribution_rules_validity")),
    )
    op.create_table(
        "attribution_findings",
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("finding_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(63), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("provider", sa.String(63), nullable=True),
        sa.Column("usage_date", sa.Date(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_slug", "finding_id", name="pk_attribution_findings"),
        sa.CheckConstraint(
            "severity IN ('info', 'warning', 'critical')", name=op.f("ck_attribution_findings_severity")
        ),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_attribution_findings_seen")),
    )
    op.create_index("ix_attribution_findings_resolved_at", "attribution_findings", ["resolved_at"])
    op.create_table(
        "statement_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("provider", sa.String(63), nullable=True),
        sa.Column("model_id", sa.String(255), nullable=True),
        sa.Column("kind", sa.String(63), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_statement_rules"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_statement_rules_organisations"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_statement_rules_validity")),
    )
    op.create_index("ix_statement_rules_org_slug", "statement_rules", ["org_slug"])


def downgrade() -> None:
    op.drop_table("statement_rules")
    op.drop_table("attribution_findings")
    op.drop_table("attribution_rules")
