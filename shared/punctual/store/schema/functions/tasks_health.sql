-- Have a task's row of health follow its pause, its team and its deletion.
--
-- It is deferred to the commit: what changes a task locks runs of it afterwards, and the ends of
-- runs lock their runs before the health of their tasks.
--
-- SECURITY DEFINER: services may not delete rows of task_health.
DROP TRIGGER IF EXISTS tasks_health ON tasks;

CREATE OR REPLACE FUNCTION tasks_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.deleted_at IS NOT NULL THEN
        DELETE FROM public.task_health WHERE task_id = NEW.id;
    ELSE
        INSERT INTO public.task_health AS h (task_id, team_id, paused)
        VALUES (NEW.id, NEW.team_id, NOT NEW.enabled)
        ON CONFLICT (task_id) DO UPDATE SET team_id = NEW.team_id, paused = NOT NEW.enabled;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER tasks_health AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (NEW.enabled <> OLD.enabled OR NEW.team_id <> OLD.team_id
          OR (NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL))
    EXECUTE FUNCTION tasks_health();
