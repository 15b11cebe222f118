"""Tasks that cannot be planned are tried again, with a backoff."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("plan_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("plan_retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tasks",
        sa.Column("plan_failures", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.create_index(
        "ix_tasks_plan_retry",
        "tasks",
        ["plan_retry_at", "id"],
        postgresql_where=sa.text("plan_retry_at IS NOT NULL"),
    )
    op.execute(
        "UPDATE tasks SET plan_retry_at = now() WHERE plan_error IS NOT NULL"
        " AND next_due_at IS NULL AND enabled AND deleted_at IS NULL"
    )
