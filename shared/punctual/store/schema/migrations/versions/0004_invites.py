"""Invitations to the installation or to a team, good for one use."""

from alembic import op

revision = "0004_invites"
down_revision = "0003_tokens"
branch_labels = None
depends_on = None

INVITES = """
CREATE TABLE invites (
    id uuid CONSTRAINT pk_invites PRIMARY KEY,
    code_hash bytea NOT NULL CONSTRAINT uq_invites_code_hash UNIQUE,
    team_id uuid CONSTRAINT fk_invites_team_id REFERENCES teams ON DELETE CASCADE,
    role text,
    email text,
    registers boolean NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by uuid,
    CONSTRAINT ck_invites_role CHECK (role IN ('viewer', 'operator', 'editor', 'owner')),
    CONSTRAINT ck_invites_team_role CHECK (num_nulls(team_id, role) <> 1)
);
CREATE INDEX ix_invites_team_id ON invites (team_id);
CREATE INDEX ix_invites_created_by ON invites (created_by);
CREATE INDEX ix_invites_expires_at ON invites (expires_at);
"""


def upgrade() -> None:
    op.execute(INVITES)
