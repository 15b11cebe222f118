-- Part of migration 0001_initial, and never edited: schema.sql has the tables as they are now.

-- What to run, when, and the policies of its runs.
CREATE TABLE tasks (
    id uuid CONSTRAINT pk_tasks PRIMARY KEY,
    team_id uuid NOT NULL CONSTRAINT fk_tasks_team_id REFERENCES teams ON DELETE CASCADE,
    name text NOT NULL,
    command text NOT NULL,
    script jsonb,
    http jsonb,
    schedule jsonb,
    schedule_anchor timestamptz NOT NULL,
    next_due_at timestamptz,
    plan_error text,
    plan_due_at timestamptz,
    plan_retry_at timestamptz,
    plan_failures smallint NOT NULL DEFAULT 0,
    paused_at timestamptz,
    paused_until timestamptz,
    max_runs integer,
    planned_runs integer NOT NULL DEFAULT 0,
    jitter double precision NOT NULL DEFAULT 0,
    enabled boolean NOT NULL DEFAULT true,
    max_retries smallint NOT NULL,
    retry_delay double precision NOT NULL,
    retry_delay_max double precision NOT NULL,
    retry_on smallint[],
    no_retry_on smallint[],
    timeout double precision NOT NULL,
    end_grace double precision,
    env jsonb NOT NULL,
    params jsonb,
    working_dir text,
    tags text[] NOT NULL,
    metadata jsonb NOT NULL,
    calendars text[],
    overlap text NOT NULL,
    after jsonb NOT NULL DEFAULT '[]',
    max_concurrent integer,
    queue text NOT NULL DEFAULT 'default',
    catch_up text NOT NULL,
    start_deadline double precision,
    priority smallint NOT NULL,
    limits jsonb,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
) WITH (fillfactor=80);
CREATE INDEX ix_tasks_after ON tasks USING gin (after jsonb_path_ops) WHERE after <> '[]';
CREATE INDEX ix_tasks_due ON tasks (next_due_at, id)
    WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL;
CREATE INDEX ix_tasks_team ON tasks (team_id, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_tasks_team_due ON tasks (team_id, next_due_at, id)
    WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL;
CREATE INDEX ix_tasks_paused ON tasks (paused_until, id)
    WHERE NOT enabled AND paused_until IS NOT NULL;
CREATE INDEX ix_tasks_plan_retry ON tasks (plan_retry_at, id) WHERE plan_retry_at IS NOT NULL;
CREATE INDEX ix_tasks_tags ON tasks USING gin (tags) WHERE deleted_at IS NULL;

-- Days and windows in which nothing of the tasks that name them is due.
CREATE TABLE calendars (
    id uuid CONSTRAINT pk_calendars PRIMARY KEY,
    team_id uuid NOT NULL CONSTRAINT fk_calendars_team_id REFERENCES teams ON DELETE CASCADE,
    name text NOT NULL,
    timezone text NOT NULL,
    days jsonb NOT NULL,
    windows jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_calendars_name UNIQUE (team_id, name)
);

-- How many runs of a team, or of a tag, may run at once.
CREATE TABLE concurrency_limits (
    id uuid CONSTRAINT pk_concurrency_limits PRIMARY KEY,
    team_id uuid NOT NULL CONSTRAINT fk_concurrency_limits_team_id REFERENCES teams ON DELETE
        CASCADE,
    tag text,
    max_concurrent integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_concurrency_limits_tag ON concurrency_limits (team_id, tag) NULLS NOT
    DISTINCT;

-- Fingerprints of the time zone rules that stored due times follow.
CREATE TABLE zone_rules (
    zone text CONSTRAINT pk_zone_rules PRIMARY KEY,
    fingerprint text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
