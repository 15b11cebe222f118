"""Times in which the database did not answer, for the reasons of runs that came due in them."""

from alembic import op

revision = "0003_database_silences"
down_revision = "0002_paused_retries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE database_silences (
            from_at timestamptz CONSTRAINT pk_database_silences PRIMARY KEY,
            to_at timestamptz NOT NULL
        )
    """)
