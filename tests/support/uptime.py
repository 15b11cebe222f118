"""How long the database has taken heartbeats, as tests need it."""

from datetime import timedelta

from sqlalchemy import Engine, text

UP = text("""
INSERT INTO uptime (up_since, seen_at, server_started_at)
VALUES (clock_timestamp() - :ago, clock_timestamp(), pg_postmaster_start_time())
ON CONFLICT (id) DO UPDATE SET up_since = excluded.up_since, seen_at = excluded.seen_at
""")


def up_for(engine: Engine, *, seconds: float) -> None:
    """Record that the database took heartbeats for so long, up to now."""
    with engine.begin() as connection:
        connection.execute(UP, {"ago": timedelta(seconds=seconds)})
