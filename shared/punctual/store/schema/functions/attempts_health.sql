-- Keep the health of tasks as attempts end their runs, and leave successes by schedule to be
-- judged. One call serves the whole batch of a FINISH, and other steps of a run never insert
-- attempts. Mostly all succeed and did so before: then this reads two rows of each run by their
-- keys, and writes one row.
--
-- `= ANY (ARRAY[…])` leaves no other plan than these look-ups, see plan_hints.py.
--
-- SECURITY DEFINER: the services that end runs have no right on these tables.
CREATE OR REPLACE FUNCTION attempts_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    changing uuid[];
BEGIN
    WITH done AS MATERIALIZED (
        SELECT r.id, r.state, r.trigger, h.outcome
        FROM ended AS a JOIN public.runs AS r ON r.id = ANY (ARRAY[a.run_id])
        LEFT JOIN public.task_health AS h ON h.task_id = ANY (ARRAY[r.task_id])
        WHERE r.state IN ('succeeded', 'failed', 'timed_out', 'lost')
    ), left_to_judge AS (
        INSERT INTO public.unjudged_runs (run_ids)
        SELECT array_agg(id) FROM done
        WHERE state = 'succeeded' AND trigger IN ('schedule', 'after') HAVING count(*) > 0
    )
    SELECT array_agg(id) INTO changing FROM done
    WHERE state <> 'succeeded' OR coalesce(outcome, '') NOT IN ('ok', 'suspicious');
    IF changing IS NOT NULL THEN
        PERFORM public.note_ends(changing);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER attempts_health AFTER INSERT ON attempts
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION attempts_health();
