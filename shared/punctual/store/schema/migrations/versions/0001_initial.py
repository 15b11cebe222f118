"""The tables of release 0.1.0. Functions and triggers are loaded after the last migration."""

from pathlib import Path

from alembic import op

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

# They stay as release 0.1.0 has them; schema.sql, generated, has the tables as they are now.
TABLES = Path(__file__).with_suffix("")
ORDER = ("accounts", "tasks", "runs", "history", "processes")


def upgrade() -> None:
    for name in ORDER:
        op.execute((TABLES / f"{name}.sql").read_text())
