"""A task's most scheduled runs, how many were planned, and its jitter."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Constant defaults: no row is rewritten, and the release before writes tasks as it always did.
    op.add_column("tasks", sa.Column("max_runs", sa.Integer(), nullable=True))
    op.add_column(
        "tasks",
        sa.Column("planned_runs", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "tasks", sa.Column("jitter", sa.Double(), server_default=sa.text("0"), nullable=False)
    )
