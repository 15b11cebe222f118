-- Return what a worker needs to launch a run, while that run is claimed or running and no longer.
-- Workers may not read these columns of runs: they hold commands, environments and parameters.
--
-- SECURITY DEFINER: it reads with the rights of the tables' owner.
--
-- The condition on the state is written to match no index. PostgreSQL expects few claimed and
-- running runs, and would read an index of all of them for each run.
CREATE OR REPLACE FUNCTION held_run(run_id uuid, OUT spec jsonb, OUT params jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.spec, r.params FROM public.runs AS r
    WHERE r.id = run_id AND r.state || '' IN ('claimed', 'running')
$$;
