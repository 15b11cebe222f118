-- Store the environment of a task that refers to secrets as pairs, and any other as an object.
--
-- Services of release 0.1.0 may still plan and start such a task while an installation is upgraded.
-- An object with references in it would end a runner of that release, with all that runs there; it
-- refuses a run whose environment is a list.
CREATE OR REPLACE FUNCTION tasks_env() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.secrets IS NOT NULL AND jsonb_typeof(NEW.env) = 'object' THEN
        NEW.env := coalesce(
            (SELECT jsonb_agg(jsonb_build_array(key, value)) FROM jsonb_each(NEW.env)), '[]');
    ELSIF NEW.secrets IS NULL AND jsonb_typeof(NEW.env) = 'array' THEN
        NEW.env := coalesce(
            (SELECT jsonb_object_agg(pair->>0, pair->1) FROM jsonb_array_elements(NEW.env) AS pair),
            '{}');
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER tasks_env_new BEFORE INSERT ON tasks FOR EACH ROW
    WHEN (NEW.secrets IS NOT NULL)
    EXECUTE FUNCTION tasks_env();

CREATE OR REPLACE TRIGGER tasks_env BEFORE UPDATE OF env, secrets ON tasks FOR EACH ROW
    WHEN (OLD.secrets IS NOT NULL OR NEW.secrets IS NOT NULL)
    EXECUTE FUNCTION tasks_env();
