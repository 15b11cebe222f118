-- Part of migration 0001_initial, and never edited: schema.sql has the tables as they are now.

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

-- Times in which the database did not answer the coordinators.
CREATE TABLE database_silences (
    from_at timestamptz CONSTRAINT pk_database_silences PRIMARY KEY,
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
