"""What an attempt of a task may use, where that is not left to the worker."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before knows of no limits and sets none.
    op.add_column(
        "tasks",
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text(), none_as_null=True)),
    )
