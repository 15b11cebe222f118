"""Every stop of the coordinators is kept, and no run ends unstarted or lost without a code."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# For what the release before still ends: it sets no code where a state has a single cause.
CODE = """
CREATE FUNCTION runs_reason_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.reason_code := CASE NEW.state
        WHEN 'cancelled' THEN 'cancelled' WHEN 'lost' THEN 'worker_lost'
        WHEN 'skipped' THEN 'other_run' ELSE 'not_planned' END;
    RETURN NEW;
END $$;
CREATE TRIGGER runs_reason_code BEFORE INSERT OR UPDATE OF state ON runs FOR EACH ROW
    WHEN (NEW.reason_code IS NULL AND NEW.state IN ('missed', 'skipped', 'cancelled', 'lost'))
    EXECUTE FUNCTION runs_reason_code();
"""


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "coordinator_stops",
        sa.Column("from_at", instant, nullable=False),
        sa.Column("to_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("from_at", name=op.f("pk_coordinator_stops")),
    )
    op.execute(CODE)
