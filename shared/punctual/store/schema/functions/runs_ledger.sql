-- Write the ledger's row of a due time that did not become a start on time, in the transaction that
-- decides it, whichever statement that is. Only runs by schedule have due times.
--
-- Of a late start the ledger keeps the first cause that applies: not planned in time, another run
-- of the task, a silence of the database, a stop of the services, no worker running, no free slot.
-- In a silence of the database nothing could be planned either. A concurrency limit that was reached
-- stays the reason of the start that it made late.
--
-- A run that a release before codes and arguments ended has a sentence, which is kept as it is.
CREATE OR REPLACE FUNCTION runs_ledger() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    word text := NEW.state;
    code text := NEW.reason_code;
    args jsonb := coalesce(NEW.reason_args, '{}');
    sentence text := NEW.reason;
    details jsonb := '{}';
    due timestamptz;
    silent_from timestamptz;
    silent_to timestamptz;
BEGIN
    IF NEW.superseded THEN
        word := CASE code WHEN 'paused' THEN 'paused' ELSE 'superseded' END;
    ELSIF NEW.state NOT IN ('missed', 'skipped', 'cancelled') OR NEW.attempt > 0 THEN
        word := 'late';
        sentence := NULL;
        args := '{}';
        details := jsonb_build_object('lateness_ms', NEW.lateness_ms);
        due := OLD.due_at;
        SELECT from_at, to_at INTO silent_from, silent_to FROM database_silences
        WHERE from_at <= due ORDER BY from_at DESC LIMIT 1;
        IF NEW.created_at > due + interval '1 second' AND silent_to > due IS NOT TRUE THEN
            code := 'not_planned';
        ELSIF NEW.overlap = 'queue' AND EXISTS (
            SELECT FROM runs AS other
            WHERE other.task_id = NEW.task_id AND other.id <> NEW.id
              AND other.scheduled_for > due - interval '1 day'
              AND other.finished_at BETWEEN due AND NEW.started_at)
        THEN
            code := 'after_other_run';
        ELSIF silent_to > due THEN
            code := 'database_silent';
            args := jsonb_build_object(
                'since', to_char(silent_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'until', to_char(silent_to AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
        ELSIF NEW.caught_up THEN
            code := 'nothing_to_start_it';
        ELSIF (SELECT min(up_since) FROM workers
               WHERE state <> 'gone' AND NEW.queue = ANY (queues)) > due + interval '1 second'
        THEN
            code := 'no_worker_yet';
        ELSE
            code := 'no_free_slot';
        END IF;
    END IF;
    INSERT INTO ledger AS l (task_id, scheduled_for, team_id, reason, because, reason_code,
                             reason_args, detail, run_id)
    VALUES (NEW.task_id, NEW.scheduled_for, NEW.team_id, word, sentence, code, args, details,
            NEW.id)
    ON CONFLICT (task_id, scheduled_for) DO UPDATE SET
        reason = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason ELSE word END,
        because = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.because
                       ELSE excluded.because END,
        reason_code = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason_code
                           ELSE excluded.reason_code END,
        reason_args = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason_args
                           ELSE excluded.reason_args END,
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
