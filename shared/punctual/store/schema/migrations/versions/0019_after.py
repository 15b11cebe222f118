"""Run a task after others: its edges, and the ends of upstream runs that wait to be followed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# In the transaction that ends a run, whoever ends it, and without a lock on any other row: a
# coordinator makes the runs that follow. No foreign key, as its check would lock the task.
ENDED = """
CREATE FUNCTION runs_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.upstream_ends (task_id, upstream_id, run_id)
    SELECT t.id, NEW.task_id, NEW.id
    FROM public.tasks AS t, jsonb_array_elements(t.after) AS edge
    WHERE t.after <> '[]' AND t.deleted_at IS NULL
      AND t.after @> jsonb_build_array(jsonb_build_object('task', NEW.task_id))
      AND edge->>'task' = NEW.task_id::text
      AND CASE edge->>'on' WHEN 'success' THEN NEW.state = 'succeeded'
                           WHEN 'failure' THEN NEW.state IN
                               ('failed', 'timed_out', 'lost', 'missed')
                           ELSE true END;
    IF FOUND THEN
        PERFORM pg_notify('punctual_due', '');
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION runs_ended() FROM PUBLIC;
CREATE TRIGGER runs_ended_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.state = 'missed')
    EXECUTE FUNCTION runs_ended();
CREATE TRIGGER runs_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NOT NEW.superseded AND NEW.state IN
          ('succeeded', 'failed', 'timed_out', 'cancelled', 'lost', 'missed'))
    EXECUTE FUNCTION runs_ended();
"""

INDEX = """
CREATE INDEX CONCURRENTLY ix_tasks_after ON tasks USING gin (after jsonb_path_ops)
WHERE after <> '[]'
"""


def upgrade() -> None:
    # A constant default rewrites no row; the release before makes no run of trigger `after`.
    op.add_column(
        "tasks",
        sa.Column(
            "after",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.create_table(
        "upstream_ends",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("upstream_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstream_ends")),
    )
    op.create_index("ix_upstream_ends_task", "upstream_ends", ["task_id", "id"])
    op.create_index(
        "ix_upstream_ends_new",
        "upstream_ends",
        ["task_id"],
        postgresql_where=sa.text("NOT seen"),
    )
    op.execute(ENDED)
    # Beside the release before, which goes on writing; should this be cut short, it begins anew.
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_tasks_after")
        op.execute(INDEX)
