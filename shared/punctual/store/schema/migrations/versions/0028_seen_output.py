"""Output that was brought from a worker outlives it: kept with the attempt that was lost."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# What commands have written is read by no coordinator, and changed by no worker.
KEEP = """
CREATE FUNCTION keep_seen_output(lost_run uuid, lost_attempt smallint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.outputs (run_id, attempt, data, segments, head_bytes)
    SELECT l.run_id, l.attempt, l.data, l.segments, l.head_bytes
    FROM public.live_outputs AS l JOIN public.attempts AS a
      ON a.run_id = l.run_id AND a.attempt = l.attempt AND a.fence = l.fence
    WHERE l.run_id = lost_run AND l.attempt = lost_attempt AND a.exit_code IS NULL
    ON CONFLICT DO NOTHING;
$$;
"""

# A worker that was only cut off reports all of it later.
FORGET = """
CREATE FUNCTION forget_seen_output(late_run uuid, late_fence bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM public.outputs AS o USING public.attempts AS a
    WHERE a.run_id = late_run AND a.fence = late_fence AND a.late
      AND o.run_id = a.run_id AND o.attempt = a.attempt;
$$;
"""


def upgrade() -> None:
    for function in (KEEP, FORGET):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION keep_seen_output(uuid, smallint) FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION forget_seen_output(uuid, bigint) FROM PUBLIC")
