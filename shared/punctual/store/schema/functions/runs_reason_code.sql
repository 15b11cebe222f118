-- Give every run that is missed, skipped, cancelled or lost a reason code. A service of the release
-- before sets none where a state has a single cause.
CREATE OR REPLACE FUNCTION runs_reason_code() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.reason_code := CASE NEW.state
        WHEN 'cancelled' THEN 'cancelled' WHEN 'lost' THEN 'worker_lost'
        WHEN 'skipped' THEN 'other_run' ELSE 'not_planned' END;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER runs_reason_code BEFORE INSERT OR UPDATE OF state ON runs FOR EACH ROW
    WHEN (NEW.reason_code IS NULL AND NEW.state IN ('missed', 'skipped', 'cancelled', 'lost'))
    EXECUTE FUNCTION runs_reason_code();
