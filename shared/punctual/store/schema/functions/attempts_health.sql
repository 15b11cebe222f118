-- Keep the health of tasks as attempts end their runs. One call serves the whole batch of a FINISH,
-- and other steps of a run never insert attempts. Mostly all succeed and did so before: then this
-- reads two rows of each run by their keys, and writes nothing.
--
-- `= ANY (ARRAY[…])` leaves no other plan than these look-ups, see plan_hints.py.
--
-- SECURITY DEFINER: the services that end runs have no right on task_health.
CREATE OR REPLACE FUNCTION attempts_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    changing uuid[];
BEGIN
    SELECT array_agg(r.id) INTO changing
    FROM ended AS a JOIN public.runs AS r ON r.id = ANY (ARRAY[a.run_id])
    LEFT JOIN public.task_health AS h ON h.task_id = ANY (ARRAY[r.task_id])
    WHERE r.state IN ('failed', 'timed_out', 'lost')
       OR r.state = 'succeeded' AND coalesce(h.outcome, '') NOT IN ('ok', 'suspicious');
    IF changing IS NOT NULL THEN
        PERFORM public.note_ends(changing);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER attempts_health AFTER INSERT ON attempts
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION attempts_health();
