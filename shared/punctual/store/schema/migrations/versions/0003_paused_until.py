"""When a paused task resumes by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here rewrites a row; the release before pauses without an end, as it always did.
    op.add_column("tasks", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_tasks_paused",
        "tasks",
        ["paused_until", "id"],
        unique=False,
        postgresql_where=sa.text("NOT enabled AND paused_until IS NOT NULL"),
    )
