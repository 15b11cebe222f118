-- Store a task as it was before a change, under the version that it had: the newest version is the
-- row of tasks itself, so creating a task costs nothing here. Each task has its last 200 versions.
--
-- SECURITY DEFINER: no service may write versions in any other way.
CREATE OR REPLACE FUNCTION tasks_versions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.task_versions (task_id, version, at, changed_by, document)
    VALUES (OLD.id, OLD.version, OLD.updated_at, OLD.updated_by, to_jsonb(OLD))
    ON CONFLICT DO NOTHING;
    DELETE FROM public.task_versions WHERE task_id = OLD.id AND version <= OLD.version - 200;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tasks_versions AFTER UPDATE ON tasks FOR EACH ROW
    WHEN (NEW.version <> OLD.version)
    EXECUTE FUNCTION tasks_versions();
