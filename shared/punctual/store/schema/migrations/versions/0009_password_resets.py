"""Links to a new password, mailed to users who have forgotten theirs."""

from alembic import op

revision = "0009_password_resets"
down_revision = "0008_audit_of_many"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE password_resets (
    user_id uuid CONSTRAINT pk_password_resets PRIMARY KEY
        CONSTRAINT fk_password_resets_user_id REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT uq_password_resets_code_hash UNIQUE (code_hash)
);
"""


def upgrade() -> None:
    op.execute(TABLE)
