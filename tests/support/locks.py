"""Who waits for whom in the database of a test."""

from sqlalchemy import Engine, text

WAITING = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


def waiting(engine: Engine) -> int:
    """How many statements wait for a lock that another session holds."""
    with engine.connect() as connection:
        return int(connection.execute(WAITING).scalar_one())
