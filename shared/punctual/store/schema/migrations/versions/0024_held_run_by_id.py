"""What a worker may read of a run in hand is found by the run's id, however many are in hand."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# The state is spelled so that it matches no index: one of all runs in hand was gone through for
# each run, as PostgreSQL takes them for few.
HELD_RUN = """
CREATE OR REPLACE FUNCTION held_run(run_id uuid, OUT spec jsonb, OUT params jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.spec, r.params FROM public.runs AS r
    WHERE r.id = run_id AND r.state || '' IN ('claimed', 'running')
$$;
"""


def upgrade() -> None:
    op.execute(HELD_RUN)
