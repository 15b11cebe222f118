"""Snoozes of tasks, and links in messages that need no login."""

from alembic import op

revision = "0014_alert_answers"
down_revision = "0013_links"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE task_snoozes (
    task_id uuid CONSTRAINT pk_task_snoozes PRIMARY KEY
        CONSTRAINT fk_task_snoozes_task_id REFERENCES tasks ON DELETE CASCADE,
    until timestamptz,
    until_ok boolean NOT NULL DEFAULT false,
    by uuid,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_task_snoozes_until CHECK (until_ok = (until IS NULL))
);

CREATE TABLE alert_links (
    id uuid CONSTRAINT pk_alert_links PRIMARY KEY,
    code_hash bytea NOT NULL,
    team_id uuid NOT NULL,
    task_id uuid NOT NULL
        CONSTRAINT fk_alert_links_task_id REFERENCES tasks ON DELETE CASCADE,
    run_id uuid,
    retried_as uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT uq_alert_links_code_hash UNIQUE (code_hash)
);
CREATE INDEX ix_alert_links_task_id ON alert_links (task_id);
CREATE INDEX ix_alert_links_expires_at ON alert_links (expires_at);
"""


def upgrade() -> None:
    op.execute(TABLES)
