-- Keep the limit that holds a team to its slots: what the team may have itself, or else what every
-- team may have; 0 is no limit. Its id is the team's.
CREATE OR REPLACE FUNCTION team_slots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most integer := coalesce(NEW.max_slots, (SELECT d.max_slots FROM slot_default AS d), 0);
BEGIN
    IF most > 0 THEN
        INSERT INTO concurrency_limits (id, team_id, max_concurrent, slots)
        VALUES (NEW.id, NEW.id, most, true)
        ON CONFLICT (id) DO UPDATE SET max_concurrent = most;
    ELSE
        DELETE FROM concurrency_limits WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER team_slots_born AFTER INSERT ON teams FOR EACH ROW
    EXECUTE FUNCTION team_slots();
CREATE OR REPLACE TRIGGER team_slots_changed AFTER UPDATE OF max_slots ON teams FOR EACH ROW
    EXECUTE FUNCTION team_slots();
