"""Tasks that are an HTTP request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before knows no requests.
    kind = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("tasks", sa.Column("http", kind, nullable=True))
