"""Fences after a restore: above every fence that was given out after the backup was made."""

from sqlalchemy import Connection, text

# A fence starts at 0 and grows by one, far less often than every millisecond. So the milliseconds
# of the clock are above all fences of before, and at each further restore above those given since.
# deploy/compose/restore.sh and docs/operate/operations.md have the same statement.
RAISE_FENCES = text("""
UPDATE runs
SET fence = greatest(fence + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
WHERE state IN ('scheduled', 'queued', 'claimed', 'running')
""")


def raise_fences(connection: Connection) -> None:
    """Raise the fence of each unfinished run of a restored database, before any service uses it."""
    connection.execute(RAISE_FENCES)
