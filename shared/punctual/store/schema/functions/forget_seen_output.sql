-- Delete the stored part of a lost attempt's output, before the worker that was only cut off stores
-- all of it. Workers may insert output and not delete it.
--
-- SECURITY DEFINER: it deletes with the rights of the tables' owner, and only output of an attempt
-- that has reported its end after it was taken for lost.
CREATE OR REPLACE FUNCTION forget_seen_output(late_run uuid, late_fence bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM public.outputs AS o USING public.attempts AS a
    WHERE a.run_id = late_run AND a.fence = late_fence AND a.late
      AND o.run_id = a.run_id AND o.attempt = a.attempt;
$$;
