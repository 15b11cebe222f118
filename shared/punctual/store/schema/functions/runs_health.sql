-- Keep the health of a task when a run of it ends without an attempt that ends: it is missed, or a
-- pause withdraws it before its retry. Ends of attempts are seen by attempts_health.
--
-- SECURITY DEFINER: the services that end runs have no right on task_health.
CREATE OR REPLACE FUNCTION runs_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.note_ends(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER runs_health_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.state = 'missed')
    EXECUTE FUNCTION runs_health();

CREATE OR REPLACE TRIGGER runs_health AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state <> 'running' AND NOT NEW.superseded
          AND NEW.state IN ('failed', 'timed_out', 'lost', 'missed'))
    EXECUTE FUNCTION runs_health();
