-- Part of migration 0001_initial, and never edited: schema.sql has the tables as they are now.

-- People who log in.
CREATE TABLE users (
    id uuid CONSTRAINT pk_users PRIMARY KEY,
    username text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_users_email ON users (lower(email));
CREATE UNIQUE INDEX uq_users_username ON users (lower(username));

-- Owners of tasks and all else that users make. A user's personal team has the user's id.
CREATE TABLE teams (
    id uuid CONSTRAINT pk_teams PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    personal boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_teams_slug ON teams (lower(slug));

-- Who is in which team, and what they may do there.
CREATE TABLE memberships (
    team_id uuid NOT NULL CONSTRAINT fk_memberships_team_id REFERENCES teams ON DELETE CASCADE,
    user_id uuid NOT NULL CONSTRAINT fk_memberships_user_id REFERENCES users ON DELETE CASCADE,
    role text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_memberships PRIMARY KEY (team_id, user_id),
    CONSTRAINT ck_memberships_role CHECK (role IN ('viewer', 'operator', 'editor', 'owner'))
);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);

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
    principal_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    task_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (principal_id, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
