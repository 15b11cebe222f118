-- Note the end of a run for each task that runs after its task, and wake a coordinator, which makes
-- the runs that follow. It happens in the transaction that ends the run and locks no other row; for
-- the same reason upstream_ends has no foreign keys, whose checks would lock the task.
--
-- SECURITY DEFINER: the services that end runs have no right on upstream_ends.
--
-- Every end looks for such tasks, so the index ix_tasks_after must serve it. While a table has no
-- statistics, PostgreSQL prefers to read all of it, or all of an index whose condition the
-- statement repeats: 0.4 ms for each end with 3,000 tasks. So the condition on deleted_at is
-- written to match no index, and reading the table is ruled out.
CREATE OR REPLACE FUNCTION runs_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO public.upstream_ends (task_id, upstream_id, run_id)
    SELECT t.id, NEW.task_id, NEW.id
    FROM public.tasks AS t, jsonb_array_elements(t.after) AS edge
    WHERE t.after <> '[]' AND coalesce(t.deleted_at, 'infinity') = 'infinity'
      AND t.after @> jsonb_build_array(jsonb_build_object('task', NEW.task_id))
      AND edge->>'task' = NEW.task_id::text
      AND CASE edge->>'on' WHEN 'success' THEN NEW.state = 'succeeded'
                           WHEN 'failure' THEN NEW.state IN
                               ('failed', 'timed_out', 'lost', 'missed')
                           ELSE true END;
    IF FOUND THEN
        PERFORM pg_notify('punctual_due', '');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER runs_ended_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.state = 'missed')
    EXECUTE FUNCTION runs_ended();

CREATE OR REPLACE TRIGGER runs_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NOT NEW.superseded AND NEW.state IN
          ('succeeded', 'failed', 'timed_out', 'cancelled', 'lost', 'missed'))
    EXECUTE FUNCTION runs_ended();
