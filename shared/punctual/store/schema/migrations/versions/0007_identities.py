"""Identities of users at a provider of single sign-on, and memberships that its groups manage."""

from alembic import op

revision = "0007_identities"
down_revision = "0006_versions"
branch_labels = None
depends_on = None

IDENTITIES = """
CREATE TABLE identities (
    id uuid CONSTRAINT pk_identities PRIMARY KEY,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL
        CONSTRAINT fk_identities_user_id REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_identities_issuer_subject UNIQUE (issuer, subject),
    CONSTRAINT uq_identities_user_id_issuer UNIQUE (user_id, issuer)
);
ALTER TABLE memberships ADD by_groups boolean NOT NULL DEFAULT false;
ALTER TABLE users ALTER password_hash DROP NOT NULL;
"""


def upgrade() -> None:
    op.execute(IDENTITIES)
