"""The ledger says what held a run back by its code, and knows a stop from a busy worker."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# A run of the release before has no code: its clause still distinguishes a pause from an edit.
KEEP = """
CREATE OR REPLACE FUNCTION runs_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    word text := NEW.state;
    clause text := NEW.reason;
    told jsonb := '{}';
    due timestamptz;
BEGIN
    IF NEW.superseded THEN
        word := CASE WHEN NEW.reason_code = 'paused'
                       OR NEW.reason_code IS NULL AND clause LIKE 'withdrawn:%' THEN 'paused'
                     ELSE 'superseded' END;
        clause := CASE WHEN word = 'paused' THEN 'its task was paused before its start'
                       WHEN NEW.reason_code = 'max_runs' THEN 'max_runs was lowered'
                       WHEN NEW.reason_code = 'zone_rules'
                       THEN 'the rules of its time zone have changed'
                       ELSE 'an edit withdrew it before its start' END;
    ELSIF NEW.state IN ('missed', 'skipped', 'cancelled') AND NEW.attempt = 0 THEN
        clause := regexp_replace(clause, '^' || word || '(: )?', '');
    ELSE
        word := 'late';
        told := jsonb_build_object('lateness_ms', NEW.lateness_ms);
        due := OLD.due_at;
        IF NEW.created_at > due + interval '1 second' THEN
            clause := 'no coordinator planned it in time';
        ELSIF NEW.overlap = 'queue' AND EXISTS (
            SELECT FROM runs AS other
            WHERE other.task_id = NEW.task_id AND other.id <> NEW.id
              AND other.scheduled_for > due - interval '1 day'
              AND other.finished_at BETWEEN due AND NEW.started_at)
        THEN
            clause := 'it waited for another run of the task';
        ELSIF NEW.caught_up THEN
            clause := 'nothing was running that could start it';
        ELSIF (SELECT min(up_since) FROM workers
               WHERE state <> 'gone' AND NEW.queue = ANY (queues)) > due + interval '1 second'
        THEN
            clause := 'no worker was running in time';
        ELSE
            clause := 'no worker with a free slot took it in time';
        END IF;
    END IF;
    INSERT INTO ledger AS l (task_id, scheduled_for, owner_id, reason, because, detail, run_id)
    VALUES (NEW.task_id, NEW.scheduled_for, NEW.owner_id, word, nullif(clause, ''), told, NEW.id)
    ON CONFLICT (task_id, scheduled_for) DO UPDATE SET
        reason = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason ELSE word END,
        because = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.because
                       ELSE excluded.because END,
        detail = l.detail || excluded.detail, run_id = excluded.run_id, noted_at = now();
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(KEEP)
