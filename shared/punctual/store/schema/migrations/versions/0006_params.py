"""Parameters of tasks, and their values for a run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before gives its runs no values, as it always did.
    for table in ("tasks", "runs"):
        kind = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
        op.add_column(table, sa.Column("params", kind, nullable=True))
