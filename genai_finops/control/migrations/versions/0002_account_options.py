"""Options of provider accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_accounts", sa.Column("options", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("provider_accounts", "options")
