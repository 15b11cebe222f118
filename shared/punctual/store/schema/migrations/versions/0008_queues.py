"""Which workers may run what: a queue on tasks and runs, and the queues that a worker serves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Constant defaults: no row is rewritten. A worker of the release before serves `default`, but
    # knows nothing of queues: update the workers before a task names another queue.
    for table in ("tasks", "runs"):
        op.add_column(
            table,
            sa.Column("queue", sa.Text(), server_default=sa.text("'default'"), nullable=False),
        )
    op.add_column(
        "workers",
        sa.Column(
            "queues",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{default}'"),
            nullable=False,
        ),
    )
