"""Access tokens with a name, a role and a team, and when and from where each login was used.

Access tokens have a table of their own: a service of release 0.1.0 knows no role of a token, so it
must find none of them. New columns are null where that release writes a row.
"""

from alembic import op

revision = "0003_tokens"
down_revision = "0002_people"
branch_labels = None
depends_on = None

ACCESS_TOKENS = """
CREATE TABLE access_tokens (
    id uuid CONSTRAINT pk_access_tokens PRIMARY KEY,
    user_id uuid CONSTRAINT fk_access_tokens_user_id REFERENCES users ON DELETE CASCADE,
    team_id uuid CONSTRAINT fk_access_tokens_team_id REFERENCES teams ON DELETE CASCADE,
    created_by uuid NOT NULL,
    name text NOT NULL,
    role text,
    token_hash bytea NOT NULL CONSTRAINT uq_access_tokens_token_hash UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT ck_access_tokens_owner CHECK (num_nonnulls(user_id, team_id) = 1),
    CONSTRAINT ck_access_tokens_role CHECK (role IN ('viewer', 'operator', 'editor', 'owner')),
    CONSTRAINT ck_access_tokens_team_role CHECK (team_id IS NULL OR role IS NOT NULL)
);
CREATE INDEX ix_access_tokens_user_id ON access_tokens (user_id);
CREATE INDEX ix_access_tokens_team_id ON access_tokens (team_id);
CREATE INDEX ix_access_tokens_expires_at ON access_tokens (expires_at);
"""

LOGINS = """
ALTER TABLE api_tokens ADD last_used_at timestamptz, ADD ip text, ADD user_agent text;
ALTER TABLE sessions ADD last_used_at timestamptz, ADD ip text, ADD user_agent text;
"""

# The list of a user's logins reads them by user.
INDEX = "CREATE INDEX ix_api_tokens_user_id ON api_tokens (user_id)"


def upgrade() -> None:
    op.execute(ACCESS_TOKENS)
    op.execute(LOGINS)
    op.execute(INDEX)
