"""Since when the database takes heartbeats, known beyond the life of a coordinator."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "uptime",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("up_since", instant, nullable=False),
        sa.Column("seen_at", instant, nullable=False),
        sa.Column("server_started_at", instant, nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_uptime_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uptime")),
    )
    # Null for workers of the release before, which do not keep it.
    op.add_column("workers", sa.Column("beats_since", instant, nullable=True))
