"""How long what a command started may outlive it, and how much of it had to be ended."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A constant default rewrites no row, and is what the release before leaves in new ones.
    op.add_column("tasks", sa.Column("end_grace", sa.Double(), nullable=True))
    for table in ("runs", "attempts"):
        op.add_column(
            table,
            sa.Column("left_behind", sa.Integer(), server_default=sa.text("0"), nullable=False),
        )
