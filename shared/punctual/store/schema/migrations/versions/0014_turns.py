"""Fairness between owners: the turn in which a queued run is claimed, and due tasks by owner."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW = {
    "ix_runs_turn": "runs (queue, turn, due_at, id) WHERE state = 'queued'",
    "ix_runs_last_turn": "runs (queue, owner_id, turn) WHERE state = 'queued'",
    "ix_tasks_owner_due": "tasks (owner_id, next_due_at, id)"
    " WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL",
}


def upgrade() -> None:
    # Runs that the release before queues have no turn, and go first.
    op.add_column(
        "runs", sa.Column("turn", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    # Beside the release before, which goes on writing; should this be cut short, it begins anew.
    with op.get_context().autocommit_block():
        for name, where in NEW.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {where}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_runs_queued")
