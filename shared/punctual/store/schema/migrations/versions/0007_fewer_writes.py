"""Rows of runs are changed within their page, and one index serves where there were two."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A superseded run counts as null there, and nulls are never equal: only what was not withdrawn is
# unique. As it has every run, it also leads from a task to its runs, newest first.
NEW = """
CREATE UNIQUE INDEX CONCURRENTLY uq_runs_once
ON runs (task_id, scheduled_for, trigger, nullif(superseded, true))
"""


def upgrade() -> None:
    # A run is written six times. Where its page has room, the change alone is logged, not the row.
    op.execute("ALTER TABLE runs SET (fillfactor = 50)")
    op.execute("ALTER TABLE tasks SET (fillfactor = 80)")
    # Beside the release before, which goes on writing; should this be cut short, it begins anew.
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_runs_once")
        op.execute(NEW)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_runs_due_time")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_runs_task")
