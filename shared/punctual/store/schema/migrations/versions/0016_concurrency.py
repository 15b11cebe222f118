"""Limits of concurrent runs: of a task, of a tag, of a user."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEX = """
CREATE INDEX CONCURRENTLY ix_runs_limited ON runs (owner_id, state, due_at, id)
WHERE limited AND state IN ('scheduled', 'queued', 'claimed', 'running')
"""


def upgrade() -> None:
    # Nothing rewrites a row. The release before knows no limits: update the workers before using
    # them.
    op.add_column("tasks", sa.Column("max_concurrent", sa.Integer(), nullable=True))
    op.add_column(
        "runs",
        sa.Column("limited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "concurrency_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("max_concurrent", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["users.id"],
            name=op.f("fk_concurrency_limits_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concurrency_limits")),
    )
    op.create_index(
        "uq_concurrency_limits_tag",
        "concurrency_limits",
        ["owner_id", "tag"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    # Beside the release before, which goes on writing; should this be cut short, it begins anew.
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_runs_limited")
        op.execute(INDEX)
