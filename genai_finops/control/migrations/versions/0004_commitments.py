"""Orders of reserved capacity, and organisations' own prices of capacity and accelerators."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
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


def _checks(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["org_slug", "provider", "account_id"],
            ["provider_accounts.org_slug", "provider_accounts.provider", "provider_accounts.account_id"],
            name=f"fk_{table}_provider_accounts",
        ),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name=op.f(f"ck_{table}_removal")),
        sa.CheckConstraint("removed_at IS NULL OR removed_at >= entered_at", name=op.f(f"ck_{table}_knowledge")),
    ]


def _create_indexes(table: str) -> None:
    for column in ("org_slug", "entered_at", "removed_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def upgrade() -> None:
    op.create_table(
        "commitments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(255), nullable=False),
        sa.Column("commitment_id", sa.String(255), nullable=False),
        sa.Column("contract_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=True),
        sa.Column("commitment_type", sa.String(63), nullable=False),
        sa.Column("meter", sa.String(63), nullable=False),
        sa.Column("scope", sa.String(16), nullable=True),
        sa.Column("applies_to", sa.String(16), nullable=False),
        sa.Column("resource_id", sa.String(255), nullable=True),
        sa.Column("model", sa.String(255), nullable=True),
        sa.Column("region", sa.String(63), nullable=True),
        sa.Column("quantity", sa.String(64), nullable=False),
        sa.Column("term", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment", sa.String(16), nullable=False),
        sa.Column("upfront_share", sa.String(64), nullable=True),
        sa.Column("agreed_unit_price", sa.String(64), nullable=True),
        sa.Column("agreed_price_period", sa.String(16), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("is_renewed", sa.Boolean(), nullable=False),
        sa.Column("tokens_per_minute", sa.String(64), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_commitments"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_commitments_term")),
        sa.CheckConstraint(
            "(applies_to = 'resource') = (resource_id IS NOT NULL)", name=op.f("ck_commitments_resource")
        ),
        sa.CheckConstraint(
            "(payment = 'partial_upfront') = (upfront_share IS NOT NULL)", name=op.f("ck_commitments_payment")
        ),
        sa.CheckConstraint(
            "(agreed_unit_price IS NULL) = (agreed_price_period IS NULL)", name=op.f("ck_commitments_price")
        ),
        *_checks("commitments"),
    )
    _create_indexes("commitments")
    op.create_table(
        "commitment_weights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.Integer(), nullable=False),
        sa.Column("token_meter", sa.String(63), nullable=False),
        sa.Column("context_tokens_above", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commitment_weights"),
        sa.ForeignKeyConstraint(["commitment"], ["commitments.id"], name="fk_commitment_weights_commitments"),
        sa.UniqueConstraint("commitment", "token_meter", "context_tokens_above", name="uq_commitment_weights_meter"),
    )
    op.create_table(
        "capacity_prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_slug", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(255), nullable=True),
        sa.Column("meter", sa.String(63), nullable=False),
        sa.Column("model", sa.String(255), nullable=True),
        sa.Column("variant", sa.String(255), nullable=True),
        sa.Column("workload", sa.String(63), nullable=True),
        sa.Column("scope", sa.String(16), nullable=True),
        sa.Column("region", sa.String(63), nullable=True),
        sa.Column("purchase_option", sa.String(16), nullable=False),
        sa.Column("term", sa.String(16), nullable=True),
        sa.Column("payment", sa.String(16), nullable=True),
        sa.Column("price_period", sa.String(16), nullable=False),
        sa.Column("unit_price", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("note", sa.String(255), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_capacity_prices"),
        sa.ForeignKeyConstraint(["org_slug"], ["organisations.slug"], name="fk_capacity_prices_organisations"),
        sa.CheckConstraint(
            "(purchase_option = 'commitment') = (term IS NOT NULL)", name=op.f("ck_capacity_prices_term")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_capacity_prices_validity")),
        *_checks("capacity_prices"),
    )
    _create_indexes("capacity_prices")


def downgrade() -> None:
    op.drop_table("capacity_prices")
    op.drop_table("commitment_weights")
    op.drop_table("commitments")
