-- Part of migration 0001_initial, and never edited: schema.sql has the tables as they are now.

-- Due times that did not become a start on time, and why.
CREATE TABLE ledger (
    task_id uuid NOT NULL,
    scheduled_for timestamptz NOT NULL,
    team_id uuid NOT NULL,
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
CREATE INDEX ix_ledger_team ON ledger (team_id, scheduled_for);

-- Starts counted by one batch of finished attempts, until rolled up.
CREATE TABLE start_tallies (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_start_tallies PRIMARY KEY,
    team_id uuid NOT NULL,
    day date NOT NULL,
    starts integer NOT NULL,
    on_time integer NOT NULL
);

-- Starts of a team's day, and how many were on time.
CREATE TABLE punctuality (
    team_id uuid NOT NULL CONSTRAINT fk_punctuality_team_id REFERENCES teams ON DELETE CASCADE,
    day date NOT NULL,
    starts bigint NOT NULL,
    on_time bigint NOT NULL,
    CONSTRAINT pk_punctuality PRIMARY KEY (team_id, day)
);
CREATE INDEX ix_punctuality_day ON punctuality (day);
