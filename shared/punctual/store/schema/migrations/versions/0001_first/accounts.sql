-- Part of migration 0001_first, and never edited: schema.sql has the tables as they are now.

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
