"""Organisations, provider accounts, credentials, hierarchy, audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_organisations"),
    )
    op.create_table(
        "provider_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("is_free_tier", sa.Boolean(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provider_accounts"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_provider_accounts_organisations"),
        sa.UniqueConstraint("org_slug", "provider", "account_id", name="uq_provider_accounts_account"),
    )
    op.create_table(
        "credentials",
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("credential_id", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(16), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_slug", "credential_id", name="pk_credentials"),
        sa.ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
            name="fk_credentials_provider_accounts",
        ),
        sa.CheckConstraint(
            "(kind = 'encrypted' AND ciphertext IS NOT NULL AND key_id IS NOT NULL AND reference IS NULL)"
            " OR (kind = 'reference' AND ciphertext IS NULL AND key_id IS NULL AND reference IS NOT NULL)",
            name=op.f("ck_credentials_kind"),
        ),
    )
    op.create_index("ix_credentials_provider", "credentials", ["provider"])
    op.create_table(
        "hierarchy_entities",
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("entity_id", sa.String(63), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("level_code", sa.String(4), nullable=False),
        sa.Column("parent_entity_id", sa.String(63), nullable=True),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("org_slug", "entity_id", name="pk_hierarchy_entities"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_hierarchy_entities_organisations"),
        sa.ForeignKeyConstraint(
            ["org_slug", "parent_entity_id"],
            ["hierarchy_entities.org_slug", "hierarchy_entities.entity_id"],
            name="fk_hierarchy_entities_hierarchy_entities",
        ),
        sa.CheckConstraint("level_code IN ('DEPT', 'PROJ', 'TEAM')", name=op.f("ck_hierarchy_entities_level_code")),
    )
    op.create_table(
        "hierarchy_assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("scope_id", sa.String(255), nullable=False),
        sa.Column("entity_id", sa.String(63), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hierarchy_assignments"),
        sa.ForeignKeyConstraint(
            ["org_slug", "entity_id"],
            ["hierarchy_entities.org_slug", "hierarchy_entities.entity_id"],
            name="fk_hierarchy_assignments_hierarchy_entities",
        ),
        sa.UniqueConstraint(
            "org_slug",
            "provider",
            "scope",
            "scope_id",
            "valid_from",
            name="uq_hierarchy_assignments_start",
        ),
        sa.CheckConstraint(
            "scope IN ('account', 'sub_account', 'api_key')", name=op.f("ck_hierarchy_assignments_scope")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_hierarchy_assignments_validity")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])


def downgrade() -> None:
    for table in (
        "audit_log",
        "hierarchy_assignments",
        "hierarchy_entities",
        "credentials",
        "provider_accounts",
        "organisations",
    ):
        op.drop_table(table)
