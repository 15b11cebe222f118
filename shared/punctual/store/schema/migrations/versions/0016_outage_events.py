"""Whether an outage has its events."""

from alembic import op

revision = "0016_outage_events"
down_revision = "0015_task_health"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE outages ADD reported_at timestamptz;
UPDATE outages SET reported_at = created_at;
"""


def upgrade() -> None:
    op.execute(COLUMN)
