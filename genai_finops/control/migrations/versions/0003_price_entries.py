"""Prices that people enter, and the plans of organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _history() -> list[sa.Column[object]]:
    """What keeps every earlier state: rows are added and removed, never changed."""
    return [
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(255), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.String(255), nullable=True),
    ]


def _checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("is_custom = (default_id IS NULL)", name=op.f(f"ck_{table}_origin")),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name=op.f(f"ck_{table}_removal")),
        sa.CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name=op.f(f"ck_{table}_knowledge")),
    ]


def _create_indexes(table: str) -> None:
    for column in ("org_slug", "entered_at", "removed_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def upgrade() -> None:
    op.create_table(
        "price_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=True),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(255), nullable=True),
        sa.Column("model", sa.String(255), nullable=True),
        sa.Column("meter", sa.String(63), nullable=True),
        sa.Column("service_tier", sa.String(63), nullable=True),
        sa.Column("geography", sa.String(63), nullable=True),
        sa.Column("context_tokens_above", sa.BigInteger(), nullable=False),
        sa.Column("context_tokens_up_to", sa.BigInteger(), nullable=True),
        sa.Column("variant", sa.String(255), nullable=True),
        sa.Column("pricing_type", sa.String(63), nullable=False),
        sa.Column("volume_threshold_tokens", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("unit_price", sa.String(64), nullable=True),
        sa.Column("discount_percentage", sa.String(64), nullable=True),
        sa.Column("discount_reason", sa.String(63), nullable=True),
        sa.Column("free_tier_quantity", sa.String(64), nullable=True),
        sa.Column("free_tier_reset_frequency", sa.String(63), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("is_custom", sa.Boolean(), nullable=False),
        sa.Column("default_id", sa.String(255), nullable=True),
        sa.Column("default_version", sa.String(255), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_price_entries"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_price_entries_organisations"),
        sa.ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
            name="fk_price_entries_provider_accounts",
        ),
        sa.CheckConstraint(
            "(scope = 'platform' AND org_slug IS NULL AND account_id IS NULL)"
            " OR (scope = 'organisation' AND org_slug IS NOT NULL AND account_id IS NULL)"
            " OR (scope = 'account' AND org_slug IS NOT NULL AND account_id IS NOT NULL)",
            name=op.f("ck_price_entries_scope"),
        ),
        sa.CheckConstraint(
            "CASE WHEN unit_price IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN discount_percentage IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN free_tier_quantity IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_price_entries_value"),
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_price_entries_validity")),
        *_checks("price_entries"),
    )
    _create_indexes("price_entries")
    op.create_table(
        "organisation_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("subscription_id", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("plan_name", sa.String(255), nullable=False),
        sa.Column("is_custom", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_usd", sa.String(64), nullable=True),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("auth_type", sa.String(63), nullable=True),
        sa.Column("tier_type", sa.String(63), nullable=True),
        sa.Column("trial_end_date", sa.Date(), nullable=True),
        sa.Column("trial_credit_usd", sa.String(64), nullable=True),
        sa.Column("rpm_limit", sa.BigInteger(), nullable=True),
        sa.Column("tpm_limit", sa.BigInteger(), nullable=True),
        sa.Column("rpd_limit", sa.BigInteger(), nullable=True),
        sa.Column("tpd_limit", sa.BigInteger(), nullable=True),
        sa.Column("concurrent_limit", sa.BigInteger(), nullable=True),
        sa.Column("monthly_token_limit", sa.BigInteger(), nullable=True),
        sa.Column("daily_token_limit", sa.BigInteger(), nullable=True),
        sa.Column("committed_spend_usd", sa.String(64), nullable=True),
        sa.Column("commitment_term_months", sa.BigInteger(), nullable=True),
        sa.Column("discount_percentage", sa.String(64), nullable=True),
        sa.Column("default_id", sa.String(255), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_plans"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_organisation_plans_organisations"),
        sa.CheckConstraint(
            "end_date IS NULL OR end_date > effective_date", name=op.f("ck_organisation_plans_validity")
        ),
        *_checks("organisation_plans"),
    )
    _create_indexes("organisation_plans")


def downgrade() -> None:
    op.drop_table("organisation_plans")
    op.drop_table("price_entries")
