-- Punctual's database as it is now: every table, constraint, index and trigger.
--
-- `make schema` generates this file from a migrated database, and a test compares the two, so do
-- not edit it: a change begins in models/ and migrations/. functions/ has what the triggers do, and
-- rights.py what each service's role may do.
--
-- How a run moves through the tables:
--
--   saved       The API inserts a row into tasks. next_due_at is the next due time without a run.
--   planned     A coordinator inserts a row into runs for each due time of the next 35 seconds,
--               with a snapshot of what to run (spec), and moves next_due_at on. A due time has one
--               run (uq_runs_once).
--   dispatched  30 seconds before due_at the run goes from scheduled to queued, and a message
--               through Redis offers it to the workers. The message is only a hint: workers also
--               look for queued runs themselves (ix_runs_turn).
--   claimed     A worker writes its worker_id. fence grows whenever ownership of the run changes,
--               so that a late statement of an earlier owner matches no row.
--   started     The run is running, and attempt grows by one. At most one run of a task is running,
--               unless its overlap allows more (uq_runs_one_running).
--   ended       The run gets a final state and never changes again, or it is scheduled once more
--               for its next attempt. attempts gets a row, outputs what the attempt wrote,
--               start_tallies whether it started on time.
--   followed    The trigger runs_ended notes the end in upstream_ends for the tasks that run after
--               this one, and a coordinator inserts their runs.
--   explained   When a due time does not become a start on time, the trigger runs_ledger writes why
--               to ledger.
--   deleted     A coordinator deletes old final runs; attempts and outputs go with them.
--
-- Each step is one guarded UPDATE, and the row that it returns is the answer. The trigger
-- runs_guard refuses any step that the state machine does not have. Services wake each other with
-- NOTIFY punctual_due (a coordinator has work) and punctual_cancel (a run of a worker is
-- cancelled). Both are hints: polling finds what a lost one would have said. Ids are UUIDs of
-- version 7, which sort by the time they were made.


-- Accounts

-- People who log in and own tasks.
CREATE TABLE users (
    id uuid CONSTRAINT pk_users PRIMARY KEY,
    username text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_users_email ON users (lower(email));
CREATE UNIQUE INDEX uq_users_username ON users (lower(username));

-- Tokens that programs use, as hashes.
CREATE TABLE api_tokens (
    id uuid CONSTRAINT pk_api_tokens PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_api_tokens_user_id REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT uq_api_tokens_token_hash UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_api_tokens_expires_at ON api_tokens (expires_at);

-- Logins on the pages; the cookie's token, as a hash.
CREATE TABLE sessions (
    id uuid CONSTRAINT pk_sessions PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_sessions_user_id REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT uq_sessions_token_hash UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);

-- Keys that clients sent with a creation, and what was created.
CREATE TABLE idempotency_keys (
    owner_id uuid NOT NULL CONSTRAINT fk_idempotency_keys_owner_id REFERENCES users ON DELETE
        CASCADE,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    task_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (owner_id, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);


-- Tasks

-- What to run, when, and the policies of its runs.
CREATE TABLE tasks (
    id uuid CONSTRAINT pk_tasks PRIMARY KEY,
    owner_id uuid NOT NULL CONSTRAINT fk_tasks_owner_id REFERENCES users ON DELETE CASCADE,
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
CREATE INDEX ix_tasks_owner ON tasks (owner_id, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_tasks_owner_due ON tasks (owner_id, next_due_at, id)
    WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL;
CREATE INDEX ix_tasks_paused ON tasks (paused_until, id)
    WHERE NOT enabled AND paused_until IS NOT NULL;
CREATE INDEX ix_tasks_plan_retry ON tasks (plan_retry_at, id) WHERE plan_retry_at IS NOT NULL;
CREATE INDEX ix_tasks_tags ON tasks USING gin (tags) WHERE deleted_at IS NULL;

-- Days and windows in which nothing of the tasks that name them is due.
CREATE TABLE calendars (
    id uuid CONSTRAINT pk_calendars PRIMARY KEY,
    owner_id uuid NOT NULL CONSTRAINT fk_calendars_owner_id REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    timezone text NOT NULL,
    days jsonb NOT NULL,
    windows jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_calendars_name UNIQUE (owner_id, name)
);

-- How many runs of an owner, or of a tag, may run at once.
CREATE TABLE concurrency_limits (
    id uuid CONSTRAINT pk_concurrency_limits PRIMARY KEY,
    owner_id uuid NOT NULL CONSTRAINT fk_concurrency_limits_owner_id REFERENCES users ON DELETE
        CASCADE,
    tag text,
    max_concurrent integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_concurrency_limits_tag ON concurrency_limits (owner_id, tag) NULLS NOT
    DISTINCT;

-- Fingerprints of the time zone rules that stored due times follow.
CREATE TABLE zone_rules (
    zone text CONSTRAINT pk_zone_rules PRIMARY KEY,
    fingerprint text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);


-- Runs

-- Due times that are to run or have run, and the state of each.
CREATE TABLE runs (
    id uuid CONSTRAINT pk_runs PRIMARY KEY,
    task_id uuid NOT NULL CONSTRAINT fk_runs_task_id REFERENCES tasks ON DELETE CASCADE,
    owner_id uuid NOT NULL,
    state text NOT NULL,
    trigger text NOT NULL,
    scheduled_for timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    start_by timestamptz,
    attempt smallint NOT NULL DEFAULT 0,
    max_attempts smallint NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    priority smallint NOT NULL,
    overlap text NOT NULL,
    queue text NOT NULL DEFAULT 'default',
    limited boolean NOT NULL DEFAULT false,
    turn bigint NOT NULL DEFAULT 0,
    superseded boolean NOT NULL DEFAULT false,
    caught_up boolean NOT NULL DEFAULT false,
    spec jsonb NOT NULL,
    params jsonb,
    worker_id uuid,
    worker text,
    dispatches smallint NOT NULL DEFAULT 0,
    redispatch_at timestamptz,
    cancel_requested_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    lateness_ms double precision,
    exit_code integer,
    signal smallint,
    reason text,
    reason_code text,
    reason_args jsonb,
    output_bytes bigint NOT NULL DEFAULT 0,
    output_truncated boolean NOT NULL DEFAULT false,
    left_behind integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_runs_state CHECK (state IN ('scheduled', 'queued', 'claimed', 'running',
        'succeeded', 'failed', 'timed_out', 'cancelled', 'lost', 'missed', 'skipped'))
) WITH (fillfactor=50);
CREATE INDEX ix_runs_last_turn ON runs (queue, owner_id, turn) WHERE state = 'queued';
CREATE INDEX ix_runs_limited ON runs (owner_id, state, due_at, id)
    WHERE limited AND (state IN ('scheduled', 'queued', 'claimed', 'running'));
CREATE INDEX ix_runs_owner ON runs (owner_id, scheduled_for, id);
CREATE INDEX ix_runs_redispatch ON runs (redispatch_at, id) WHERE state = 'queued';
CREATE INDEX ix_runs_scheduled ON runs (due_at, id) WHERE state = 'scheduled';
CREATE INDEX ix_runs_start_by ON runs (start_by)
    WHERE start_by IS NOT NULL AND attempt = 0 AND (state IN ('scheduled', 'queued'));
CREATE INDEX ix_runs_turn ON runs (queue, turn, due_at, id) WHERE state = 'queued';
CREATE INDEX ix_runs_unfinished ON runs (task_id)
    WHERE state IN ('scheduled', 'queued', 'claimed', 'running');
CREATE INDEX ix_runs_worker ON runs (worker_id) WHERE state IN ('claimed', 'running');
CREATE UNIQUE INDEX uq_runs_once ON runs (task_id, scheduled_for, trigger, NULLIF(superseded,
    true));
CREATE UNIQUE INDEX uq_runs_one_running ON runs (task_id)
    WHERE state = 'running' AND overlap <> 'allow';
CREATE TRIGGER runs_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN (new.state <> old.state AND NOT new.superseded AND (new.state IN ('succeeded', 'failed',
        'timed_out', 'cancelled', 'lost', 'missed')))
    EXECUTE FUNCTION runs_ended();
CREATE TRIGGER runs_ended_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (new.state = 'missed')
    EXECUTE FUNCTION runs_ended();
CREATE TRIGGER runs_guard BEFORE INSERT OR UPDATE ON runs FOR EACH ROW
    EXECUTE FUNCTION runs_guard();
CREATE TRIGGER runs_ledger_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (new.trigger = 'schedule' AND new.state <> 'scheduled')
    EXECUTE FUNCTION runs_ledger();
CREATE TRIGGER runs_ledger_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN ((new.state IN ('missed', 'skipped', 'cancelled')) AND new.state <> old.state AND
        new.attempt = 0 AND new.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();
CREATE TRIGGER runs_ledger_late AFTER UPDATE ON runs FOR EACH ROW
    WHEN (new.lateness_ms > 1000 AND new.attempt = 1 AND old.started_at IS NULL AND new.started_at
        IS NOT NULL AND new.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();
CREATE TRIGGER runs_reason_code BEFORE INSERT OR UPDATE OF state ON runs FOR EACH ROW
    WHEN (new.reason_code IS NULL AND (new.state IN ('missed', 'skipped', 'cancelled', 'lost')))
    EXECUTE FUNCTION runs_reason_code();

-- Attempts that have ended.
CREATE TABLE attempts (
    run_id uuid NOT NULL CONSTRAINT fk_attempts_run_id REFERENCES runs ON DELETE CASCADE,
    attempt smallint NOT NULL,
    fence bigint NOT NULL,
    state text NOT NULL,
    worker_id uuid,
    worker text,
    due_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz NOT NULL,
    lateness_ms double precision,
    exit_code integer,
    signal smallint,
    reason text,
    reason_code text,
    reason_args jsonb,
    output_bytes bigint NOT NULL DEFAULT 0,
    output_truncated boolean NOT NULL DEFAULT false,
    left_behind integer NOT NULL DEFAULT 0,
    late boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_attempts PRIMARY KEY (run_id, attempt)
);

-- What an attempt wrote; segments gives the parts of stdout (+) and stderr (-).
CREATE TABLE outputs (
    run_id uuid NOT NULL CONSTRAINT fk_outputs_run_id REFERENCES runs ON DELETE CASCADE,
    attempt smallint NOT NULL,
    data bytea NOT NULL,
    segments integer[] NOT NULL,
    head_bytes integer NOT NULL,
    CONSTRAINT pk_outputs PRIMARY KEY (run_id, attempt)
);

-- What a running attempt has written so far, while a person looks at it.
CREATE UNLOGGED TABLE live_outputs (
    run_id uuid CONSTRAINT pk_live_outputs PRIMARY KEY,
    attempt smallint NOT NULL,
    fence bigint NOT NULL,
    data bytea NOT NULL,
    segments integer[] NOT NULL,
    head_bytes integer NOT NULL,
    output_bytes bigint NOT NULL,
    told_at timestamptz NOT NULL
);

-- Ends of runs that other tasks are still to follow.
CREATE TABLE upstream_ends (
    id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_upstream_ends PRIMARY KEY,
    task_id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    run_id uuid NOT NULL,
    seen boolean NOT NULL DEFAULT false
);
CREATE INDEX ix_upstream_ends_new ON upstream_ends (task_id) WHERE NOT seen;
CREATE INDEX ix_upstream_ends_task ON upstream_ends (task_id, id);


-- History

-- Due times that did not become a start on time, and why.
CREATE TABLE ledger (
    task_id uuid NOT NULL,
    scheduled_for timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    reason text NOT NULL,
    because text,
    reason_code text,
    reason_args jsonb,
    detail jsonb NOT NULL DEFAULT '{}',
    run_id uuid,
    until timestamptz,
    times integer NOT NULL DEFAULT 1,
    noted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ledger PRIMARY KEY (task_id, scheduled_for)
);
CREATE INDEX ix_ledger_noted ON ledger (noted_at);
CREATE INDEX ix_ledger_owner ON ledger (owner_id, scheduled_for);

-- Starts counted by one batch of finished attempts, until rolled up.
CREATE TABLE start_tallies (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_start_tallies PRIMARY KEY,
    owner_id uuid NOT NULL,
    day date NOT NULL,
    starts integer NOT NULL,
    on_time integer NOT NULL
);

-- Starts of an owner's day, and how many were on time.
CREATE TABLE punctuality (
    owner_id uuid NOT NULL CONSTRAINT fk_punctuality_owner_id REFERENCES users ON DELETE CASCADE,
    day date NOT NULL,
    starts bigint NOT NULL,
    on_time bigint NOT NULL,
    CONSTRAINT pk_punctuality PRIMARY KEY (owner_id, day)
);
CREATE INDEX ix_punctuality_day ON punctuality (day);


-- Processes

-- Workers, known by their heartbeats.
CREATE TABLE workers (
    id uuid CONSTRAINT pk_workers PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    slots integer NOT NULL,
    room integer NOT NULL,
    queues text[] NOT NULL DEFAULT '{default}',
    state text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    up_since timestamptz NOT NULL DEFAULT now(),
    beats_since timestamptz,
    gone_at timestamptz,
    version text,
    isolation text[],
    interpreters text[],
    CONSTRAINT ck_workers_state CHECK (state IN ('active', 'draining', 'gone'))
);
CREATE INDEX ix_workers_state ON workers (state);

-- Coordinators, known by their heartbeats.
CREATE TABLE coordinators (
    id uuid CONSTRAINT pk_coordinators PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    cycle_at timestamptz,
    version text
);
CREATE INDEX ix_coordinators_heartbeat_at ON coordinators (heartbeat_at);

-- One row: when a coordinator last planned and dispatched all that was due.
CREATE TABLE last_pass (
    id boolean DEFAULT true CONSTRAINT pk_last_pass PRIMARY KEY,
    at timestamptz NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    stopped_at timestamptz,
    CONSTRAINT ck_last_pass_one_row CHECK (id)
);

-- Gaps between two passes that were longer than a lease.
CREATE TABLE coordinator_stops (
    from_at timestamptz CONSTRAINT pk_coordinator_stops PRIMARY KEY,
    to_at timestamptz NOT NULL
);

-- Gaps so long that catch_up decides about the due times in them.
CREATE TABLE outages (
    id uuid CONSTRAINT pk_outages PRIMARY KEY,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_outages_from_at ON outages (from_at);

-- One row: since when heartbeats could be written without a gap.
CREATE TABLE uptime (
    id boolean DEFAULT true CONSTRAINT pk_uptime PRIMARY KEY,
    up_since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    server_started_at timestamptz NOT NULL,
    CONSTRAINT ck_uptime_one_row CHECK (id)
);
