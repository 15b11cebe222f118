"""Hooks, badges and feeds: addresses with a token in them."""

from alembic import op

revision = "0013_links"
down_revision = "0012_alert_events"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE links (
    id uuid CONSTRAINT pk_links PRIMARY KEY,
    kind text NOT NULL,
    task_id uuid CONSTRAINT fk_links_task_id REFERENCES tasks ON DELETE CASCADE,
    team_id uuid CONSTRAINT fk_links_team_id REFERENCES teams ON DELETE CASCADE,
    user_id uuid CONSTRAINT fk_links_user_id REFERENCES users ON DELETE CASCADE,
    tag text,
    name text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_links_token_hash UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT ck_links_kind CHECK (
        CASE kind
        WHEN 'hook' THEN task_id IS NOT NULL AND num_nonnulls(team_id, user_id, tag) = 0
        WHEN 'badge' THEN user_id IS NULL AND num_nonnulls(task_id, team_id) = 1
                          AND (tag IS NULL OR task_id IS NULL)
        WHEN 'feed' THEN user_id IS NOT NULL AND task_id IS NULL
        ELSE false END)
);
CREATE INDEX ix_links_task_id ON links (task_id);
CREATE INDEX ix_links_team_id ON links (team_id);
CREATE INDEX ix_links_user_id ON links (user_id);
"""


def upgrade() -> None:
    op.execute(TABLE)
