-- List which tasks use which secrets of which team, so that a secret's tasks are found without a
-- look at all tasks. A deleted task uses none any more; a moved one those of its new team.
--
-- SECURITY DEFINER: no service may write the list in any other way.
CREATE OR REPLACE FUNCTION tasks_secrets() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM public.task_secrets WHERE task_id = OLD.id;
    END IF;
    IF NEW.deleted_at IS NULL THEN
        INSERT INTO public.task_secrets (team_id, name, task_id)
        SELECT NEW.team_id, name, NEW.id FROM unnest(NEW.secrets) AS name ORDER BY name
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tasks_secrets_new AFTER INSERT ON tasks FOR EACH ROW
    WHEN (NEW.secrets IS NOT NULL)
    EXECUTE FUNCTION tasks_secrets();

CREATE OR REPLACE TRIGGER tasks_secrets AFTER UPDATE OF secrets, team_id, deleted_at ON tasks
    FOR EACH ROW WHEN (OLD.secrets IS NOT NULL OR NEW.secrets IS NOT NULL)
    EXECUTE FUNCTION tasks_secrets();
