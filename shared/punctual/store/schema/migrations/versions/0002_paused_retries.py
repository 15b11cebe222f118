"""A pause ends a run that waits for its retry as its last attempt ended.

No table changes; the function runs_guard(), loaded after this, allows it.
"""

revision = "0002_paused_retries"
down_revision = "0001_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
