-- Return the sealed secrets that runs name, while those are claimed or running and no longer; nulls
-- for a secret that the run's team does not have. Workers may read no others.
--
-- SECURITY DEFINER: it reads with the rights of the tables' owner.
CREATE OR REPLACE FUNCTION secrets_of_runs(run_ids uuid[])
RETURNS TABLE (run_id uuid, team_id uuid, name text, sealed bytea, key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id, r.team_id, wanted.name, s.sealed, s.key
    FROM public.runs AS r
    CROSS JOIN LATERAL jsonb_array_elements_text(r.spec->'secrets'->'names') AS wanted (name)
    LEFT JOIN public.secrets AS s ON s.team_id = r.team_id AND s.name = wanted.name
    WHERE r.id = ANY(run_ids) AND r.state || '' IN ('claimed', 'running')
$$;
