"""Old data: everything that the tables know, as if it had happened earlier."""

from datetime import timedelta

from sqlalchemy import Engine, text

INSTANTS = {
    "runs": ("scheduled_for", "due_at", "start_by", "created_at", "redispatch_at"),
    "tasks": ("schedule_anchor", "next_due_at", "created_at"),
    "workers": ("started_at", "heartbeat_at", "up_since", "beats_since", "gone_at"),
    "coordinators": ("started_at", "heartbeat_at", "cycle_at"),
    "last_pass": ("at", "since", "stopped_at"),
    "coordinator_stops": ("from_at", "to_at"),
    "database_silences": ("from_at", "to_at"),
    "uptime": ("up_since", "seen_at"),
}


def age(engine: Engine, by: timedelta) -> None:
    """Move every instant back by so much, as after a stop of that length."""
    with engine.begin() as connection:
        for table, columns in INSTANTS.items():
            moved = ", ".join(f"{column} = {column} - :by" for column in columns)
            connection.execute(text(f"UPDATE {table} SET {moved}"), {"by": by})
