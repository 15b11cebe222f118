"""Pings of tasks to monitors outside."""

from alembic import op

revision = "0017_pings"
down_revision = "0016_outage_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE tasks ADD ping jsonb")
