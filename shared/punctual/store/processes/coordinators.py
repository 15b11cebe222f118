"""Coordinators in the database: register, beat, and record the last whole cycle."""

import uuid

from sqlalchemy import Connection, text

from punctual.store.schema.models.model import new_id

REGISTER = text("""
INSERT INTO coordinators (id, name, host, pid, version)
VALUES (:id, :name, :host, :pid, :version)
""")

BEAT = text("""
UPDATE coordinators SET heartbeat_at = clock_timestamp(),
                        cycle_at = CASE WHEN :cycled THEN clock_timestamp() ELSE cycle_at END
WHERE id = :id
""")

LEAVE = text("DELETE FROM coordinators WHERE id = :id")

FORGET = text("DELETE FROM coordinators WHERE heartbeat_at < now() - interval '7 days'")


def register(
    connection: Connection, *, name: str, host: str, pid: int, version: str | None = None
) -> uuid.UUID:
    """Enter a new coordinator; return its id."""
    coordinator_id = new_id()
    params = {"id": coordinator_id, "name": name, "host": host, "pid": pid, "version": version}
    connection.execute(REGISTER, params)
    return coordinator_id


def beat(connection: Connection, *, coordinator_id: uuid.UUID, cycled: bool) -> bool:
    """Renew this coordinator's heartbeat; `cycled` when it has just finished a whole cycle.

    False when it is not on the list any more.
    """
    return connection.execute(BEAT, {"id": coordinator_id, "cycled": cycled}).rowcount == 1


def leave(connection: Connection, *, coordinator_id: uuid.UUID) -> None:
    """Take this coordinator off the list: it stopped in good order."""
    connection.execute(LEAVE, {"id": coordinator_id})


def forget_silent(connection: Connection) -> int:
    """Delete coordinators without a heartbeat for a week; return how many."""
    return connection.execute(FORGET).rowcount
