-- Write the ledger's row of a due time that did not become a start on time, in the transaction that
-- decides it, whichever statement that is. Only runs by schedule have due times.
--
-- Of a late start the ledger keeps the first cause that applies: not planned in time, another run
-- of the task, a stop of the services, no worker running, no free slot. A concurrency limit that was
-- reached stays the reason of the start that it made late.
--
-- A run of the release before may have no reason code: its clause still distinguishes a pause from
-- an edit.
CREATE OR REPLACE FUNCTION runs_ledger() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    word text := NEW.state;
    clause text := NEW.reason;
    details jsonb := '{}';
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
        details := jsonb_build_object('lateness_ms', NEW.lateness_ms);
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
    VALUES (NEW.task_id, NEW.scheduled_for, NEW.owner_id, word, nullif(clause, ''), details, NEW.id)
    ON CONFLICT (task_id, scheduled_for) DO UPDATE SET
        reason = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason ELSE word END,
        because = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.because
                       ELSE excluded.because END,
        detail = l.detail || excluded.detail, run_id = excluded.run_id, noted_at = now();
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER runs_ledger_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.trigger = 'schedule' AND NEW.state <> 'scheduled')
    EXECUTE FUNCTION runs_ledger();

CREATE OR REPLACE TRIGGER runs_ledger_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state IN ('missed', 'skipped', 'cancelled') AND NEW.state <> OLD.state
          AND NEW.attempt = 0 AND NEW.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();

CREATE OR REPLACE TRIGGER runs_ledger_late AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.lateness_ms > 1000 AND NEW.attempt = 1 AND OLD.started_at IS NULL
          AND NEW.started_at IS NOT NULL AND NEW.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();
