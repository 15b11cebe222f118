-- Delete at most `most` events of the audit record that are older than `keep`, and return how many.
-- No event goes before it is 30 days old, whatever `keep` says.
--
-- SECURITY DEFINER: no service may delete an event in any other way.
CREATE OR REPLACE FUNCTION prune_audit(keep interval, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT id FROM public.audit_events
        WHERE at AT TIME ZONE 'UTC'
            < (now() - greatest(keep, interval '30 days')) AT TIME ZONE 'UTC'
        ORDER BY at AT TIME ZONE 'UTC', id LIMIT most FOR UPDATE SKIP LOCKED
    ), deleted AS (
        DELETE FROM public.audit_events USING old WHERE audit_events.id = old.id RETURNING 1
    )
    SELECT count(*) FROM deleted
$$;
