-- Store what a lost attempt had written, as far as a person had fetched its live output.
-- A coordinator calls it when it takes the run for lost, and may not read output itself.
--
-- SECURITY DEFINER: it reads and writes output with the rights of the tables' owner.
CREATE OR REPLACE FUNCTION keep_seen_output(lost_run uuid, lost_attempt smallint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.outputs (run_id, attempt, data, segments, head_bytes)
    SELECT l.run_id, l.attempt, l.data, l.segments, l.head_bytes
    FROM public.live_outputs AS l JOIN public.attempts AS a
      ON a.run_id = l.run_id AND a.attempt = l.attempt AND a.fence = l.fence
    WHERE l.run_id = lost_run AND l.attempt = lost_attempt AND a.exit_code IS NULL
    ON CONFLICT DO NOTHING;
$$;
