"""A start that launched nothing may be given back, and then spends no attempt."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# As before but for the attempt, which shrinks by one where a run whose command has no start on
# record goes back to wait, or is cancelled instead, under a new fence.
GUARD = """
CREATE OR REPLACE FUNCTION runs_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('scheduled', 'missed', 'skipped') OR NEW.attempt <> 0 THEN
            RAISE EXCEPTION 'run % may not be born %', NEW.id, NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (CASE OLD.state
        WHEN 'scheduled' THEN NEW.state IN ('queued', 'cancelled', 'missed')
        WHEN 'queued' THEN NEW.state IN ('claimed', 'cancelled', 'missed')
        WHEN 'claimed' THEN NEW.state IN ('running', 'scheduled', 'cancelled', 'skipped')
        WHEN 'running' THEN NEW.state IN
            ('succeeded', 'failed', 'timed_out', 'cancelled', 'lost', 'scheduled')
        ELSE false END)
    THEN
        RAISE EXCEPTION 'run % may not go from % to %', NEW.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state NOT IN ('scheduled', 'queued', 'claimed', 'running') THEN
        RAISE EXCEPTION 'run % is final', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.fence < OLD.fence THEN
        RAISE EXCEPTION 'the fence of run % may only grow', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.attempt <> OLD.attempt + (OLD.state = 'claimed' AND NEW.state = 'running')::int
        AND NOT (NEW.attempt = OLD.attempt - 1 AND OLD.state = 'running'
                 AND NEW.state IN ('scheduled', 'cancelled') AND OLD.started_at IS NULL
                 AND NEW.started_at IS NULL AND NEW.fence > OLD.fence)
    THEN
        RAISE EXCEPTION 'the attempt of run % grows by one, at its start', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(GUARD)
