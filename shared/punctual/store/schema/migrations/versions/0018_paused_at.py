"""Since when a task is paused, so that its end can tell which due times it left out."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A pause that began under the release before has no beginning, and is not told afterwards.
    op.add_column("tasks", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
