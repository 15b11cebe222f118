"""After which exit codes a run is tried again, or is not."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before retries whatever failed, as it always did.
    for name in ("retry_on", "no_retry_on"):
        op.add_column("tasks", sa.Column(name, postgresql.ARRAY(sa.SmallInteger()), nullable=True))
