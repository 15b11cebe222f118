"""One event of the audit record for all that one request did the same to."""

from alembic import op

revision = "0008_audit_of_many"
down_revision = "0007_identities"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE audit_events ADD COLUMN object_ids uuid[];
CREATE INDEX ix_audit_events_objects ON audit_events USING gin (object_ids)
    WHERE object_ids IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(COLUMN)
