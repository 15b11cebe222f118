"""Secrets of teams, sealed, and which tasks use them."""

from alembic import op

revision = "0011_secrets"
down_revision = "0010_slots"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE secrets (
    id uuid CONSTRAINT pk_secrets PRIMARY KEY,
    team_id uuid NOT NULL CONSTRAINT fk_secrets_team_id REFERENCES teams ON DELETE CASCADE,
    name text NOT NULL,
    sealed bytea NOT NULL,
    key text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by uuid,
    CONSTRAINT uq_secrets_team_id_name UNIQUE (team_id, name)
);
CREATE INDEX ix_secrets_key ON secrets (key);
CREATE TABLE task_secrets (
    team_id uuid NOT NULL,
    name text NOT NULL,
    task_id uuid NOT NULL
        CONSTRAINT fk_task_secrets_task_id REFERENCES tasks ON DELETE CASCADE,
    CONSTRAINT pk_task_secrets PRIMARY KEY (team_id, name, task_id)
);
CREATE INDEX ix_task_secrets_task_id ON task_secrets (task_id);
ALTER TABLE tasks ADD secrets text[];
ALTER TABLE workers ADD secret_keys text[];
"""


def upgrade() -> None:
    op.execute(TABLES)
