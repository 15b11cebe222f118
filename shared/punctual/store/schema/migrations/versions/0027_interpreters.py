"""Which interpreters a worker can use, so that a task that names another one is warned of."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Absent for a worker of the release before, which does not report them.
    op.add_column("workers", sa.Column("interpreters", sa.ARRAY(sa.Text()), nullable=True))
