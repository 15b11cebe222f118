-- Bring the health of the tasks of these runs up to date, all of which have ended, and record the
-- events of it. Call it in the transaction that ends them. The rows are locked in the order of
-- their tasks, and after the runs: two transactions that end runs of the same tasks cannot block
-- each other.
--
-- A run that was missed in an outage has no event of its own: the outage is one.
--
-- SECURITY DEFINER: the services that end runs have no right on these tables.
CREATE OR REPLACE FUNCTION note_ends(ended uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    run record;
    was public.task_health;
    in_row integer;
    began timestamptz;
BEGIN
    INSERT INTO public.task_health (task_id, team_id, paused)
    SELECT DISTINCT t.id, t.team_id, NOT t.enabled
    FROM public.runs AS r JOIN public.tasks AS t ON t.id = r.task_id
    WHERE r.id = ANY (ended) AND t.deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM public.task_health AS h WHERE h.task_id = t.id)
    ORDER BY t.id ON CONFLICT DO NOTHING;
    PERFORM FROM public.task_health WHERE task_id IN (
        SELECT r.task_id FROM public.runs AS r WHERE r.id = ANY (ended))
    ORDER BY task_id FOR UPDATE;
    FOR run IN
        SELECT r.id, r.task_id, r.team_id, r.state, r.due_at, coalesce(r.finished_at, now()) AS at
        FROM public.runs AS r WHERE r.id = ANY (ended) ORDER BY r.task_id, r.finished_at, r.id
    LOOP
        SELECT * INTO was FROM public.task_health WHERE task_id = run.task_id;
        CONTINUE WHEN NOT FOUND;  -- the task is deleted
        IF run.state = 'succeeded' THEN
            CONTINUE WHEN was.outcome IN ('ok', 'suspicious');  -- that one ends when it is judged
            UPDATE public.task_health SET outcome = 'ok', since = run.at, failures_in_row = 0,
                missed_in_row = 0
            WHERE task_id = run.task_id;
            IF was.outcome <> 'unknown' THEN
                INSERT INTO public.alert_events (kind, team_id, task_id, run_id, details)
                VALUES ('recovered', run.team_id, run.task_id, run.id, jsonb_build_object(
                    'was', was.outcome, 'since', was.since,
                    'in_row', CASE was.outcome WHEN 'failing' THEN was.failures_in_row
                                               ELSE was.missed_in_row END));
            END IF;
        ELSIF run.state = 'missed' THEN
            in_row := was.missed_in_row + 1;
            began := CASE WHEN was.outcome IN ('failing', 'missed') THEN was.since ELSE run.at END;
            UPDATE public.task_health SET missed_in_row = in_row, since = began,
                outcome = CASE outcome WHEN 'failing' THEN outcome ELSE 'missed' END
            WHERE task_id = run.task_id;
            CONTINUE WHEN EXISTS (SELECT FROM public.outages AS o
                                  WHERE o.from_at < run.due_at AND o.to_at >= run.due_at);
            INSERT INTO public.alert_events (kind, team_id, task_id, run_id, details)
            VALUES ('missed', run.team_id, run.task_id, run.id,
                    jsonb_build_object('in_row', in_row, 'since', began));
        ELSE
            in_row := was.failures_in_row + 1;
            began := CASE was.outcome WHEN 'failing' THEN was.since ELSE run.at END;
            UPDATE public.task_health SET outcome = 'failing', failures_in_row = in_row,
                since = began
            WHERE task_id = run.task_id;
            INSERT INTO public.alert_events (kind, team_id, task_id, run_id, details)
            VALUES (CASE run.state WHEN 'lost' THEN 'lost' ELSE 'failed' END,
                    run.team_id, run.task_id, run.id,
                    jsonb_build_object('in_row', in_row, 'since', began));
        END IF;
    END LOOP;
END $$;
