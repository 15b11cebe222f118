-- Refuse every change of a run that its state machine does not allow, whichever statement makes it.
-- The moves are those of MOVES in domain/runs/states.py; a test compares the two. A run that waits
-- for its next attempt may also end as PAUSED_RETRY_ENDS has it, with the code paused, as a pause
-- of its task does.
--
-- The attempt grows by one at a start. It shrinks by one only where a start that launched nothing
-- is given back: the command has no start on record, the run waits again or is cancelled, and its
-- fence grows.
CREATE OR REPLACE FUNCTION runs_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
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
        WHEN 'queued' THEN NEW.state IN ('scheduled', 'claimed', 'cancelled', 'missed')
        WHEN 'claimed' THEN NEW.state IN ('running', 'scheduled', 'cancelled', 'skipped')
        WHEN 'running' THEN NEW.state IN
            ('succeeded', 'failed', 'timed_out', 'cancelled', 'lost', 'scheduled')
        ELSE false END)
        AND NOT (OLD.attempt > 0 AND OLD.state IN ('scheduled', 'queued', 'claimed')
                 AND NEW.state IN ('failed', 'timed_out', 'lost')
                 AND NEW.reason_code IS NOT DISTINCT FROM 'paused')
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
END $$;

CREATE OR REPLACE TRIGGER runs_guard BEFORE INSERT OR UPDATE ON runs
    FOR EACH ROW EXECUTE FUNCTION runs_guard();
