"""Tasks that are a script with an interpreter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before knows commands alone.
    kind = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("tasks", sa.Column("script", kind, nullable=True))
