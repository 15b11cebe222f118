"""The audit record. It refers to no other table: what it says outlives what it speaks of.

The services of release 0.1.0 do not write it.
"""

from alembic import op

revision = "0005_audit"
down_revision = "0004_invites"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE audit_events (
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    actor_id uuid,
    actor_name text,
    token_id uuid,
    account_id uuid,
    team_id uuid,
    team_slug text,
    object_kind text,
    object_id uuid,
    object_name text,
    changes jsonb,
    ip text,
    request_id text,
    CONSTRAINT pk_audit_events PRIMARY KEY (id)
);
CREATE INDEX ix_audit_events_account ON audit_events (account_id, at, id)
    WHERE account_id IS NOT NULL;
CREATE INDEX ix_audit_events_utc ON audit_events ((at AT TIME ZONE 'UTC'), id);
CREATE INDEX ix_audit_events_action ON audit_events (action, at, id);
CREATE INDEX ix_audit_events_actor ON audit_events (actor_id, at, id);
CREATE INDEX ix_audit_events_object ON audit_events (object_id, at, id);
CREATE INDEX ix_audit_events_team ON audit_events (team_id, at, id);
CREATE INDEX ix_audit_events_team_action ON audit_events (team_id, action, at, id);
"""


def upgrade() -> None:
    op.execute(TABLE)
