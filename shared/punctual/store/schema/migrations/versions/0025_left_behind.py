"""Which runs a stop left behind: since when each service is up, and what was decided of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Constant defaults rewrite no row. The release before leaves all of these alone.
    now = sa.text("now()")
    instant = sa.DateTime(timezone=True)
    op.add_column("workers", sa.Column("up_since", instant, server_default=now, nullable=False))
    op.add_column("last_pass", sa.Column("since", instant, server_default=now, nullable=False))
    op.add_column("last_pass", sa.Column("stopped_at", instant, nullable=True))
    op.add_column(
        "runs",
        sa.Column("caught_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("runs", sa.Column("reason_code", sa.Text(), nullable=True))
