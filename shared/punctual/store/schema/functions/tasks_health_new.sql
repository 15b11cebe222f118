-- Give new tasks their row of health.
--
-- SECURITY DEFINER: no service may insert such rows in any other way.
CREATE OR REPLACE FUNCTION tasks_health_new() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.task_health (task_id, team_id, paused)
    SELECT id, team_id, NOT enabled FROM created WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tasks_health_new AFTER INSERT ON tasks
    REFERENCING NEW TABLE AS created FOR EACH STATEMENT EXECUTE FUNCTION tasks_health_new();
