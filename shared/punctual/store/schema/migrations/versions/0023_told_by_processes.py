"""What a process says of itself when it enters: its release, and a worker what isolation holds."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Absent for a process of the release before, which says nothing of it.
    op.add_column("workers", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("workers", sa.Column("isolation", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("coordinators", sa.Column("version", sa.Text(), nullable=True))
