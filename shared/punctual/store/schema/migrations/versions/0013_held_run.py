"""What a worker may read of runs: commands, environments and parameters of those in hand alone."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


HELD_RUN = """
CREATE FUNCTION held_run(run_id uuid, OUT spec jsonb, OUT params jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.spec, r.params FROM public.runs AS r
    WHERE r.id = run_id AND r.state IN ('claimed', 'running')
$$;
REVOKE ALL ON FUNCTION held_run(uuid) FROM PUBLIC;
"""


def upgrade() -> None:
    # The release before reads them from the table itself, under a role that may.
    op.execute(HELD_RUN)
