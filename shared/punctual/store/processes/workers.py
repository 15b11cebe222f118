"""Workers in the database: they register, beat, drain and leave."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.queue import DEFAULT_QUEUE
from punctual.store.driver.prepared_statements import execute
from punctual.store.schema.models.model import new_id

REGISTER = text("""
INSERT INTO workers (id, name, host, pid, slots, room, queues, state, version, isolation,
                     interpreters, secret_keys, beats_since, up_since)
VALUES (:id, :name, :host, :pid, :slots, :room, :queues, 'active', :version, :isolation,
        :interpreters, :secret_keys, clock_timestamp(),
        coalesce((SELECT min(up_since) FROM workers
                  WHERE heartbeat_at > clock_timestamp() - CAST(:lease AS interval)
                    AND queues @> CAST(:queues AS text[])), clock_timestamp()))
""")

# Its queues go on being served without a break where its last beat, or that of another that serves
# them all, is not older than a lease.
BEAT = text("""
UPDATE workers SET heartbeat_at = clock_timestamp(), room = :room,
                   up_since = CASE
                       WHEN heartbeat_at > clock_timestamp() - CAST(:lease AS interval)
                       THEN up_since ELSE coalesce(
                           (SELECT min(other.up_since) FROM workers AS other
                            WHERE other.id <> :id AND other.queues @> workers.queues AND
                              other.heartbeat_at > clock_timestamp() - CAST(:lease AS interval)),
                           clock_timestamp()) END,
                   beats_since = CASE
                       WHEN heartbeat_at > clock_timestamp() - CAST(:lease AS interval) / 2
                       THEN beats_since ELSE clock_timestamp() END,
                   state = CASE WHEN CAST(:draining AS boolean) THEN 'draining' ELSE state END
WHERE id = :id AND state <> 'gone'
RETURNING clock_timestamp(),
    (SELECT coalesce(sum(greatest(other.room, 0)), 0) FROM workers AS other
     WHERE other.id <> :id AND other.state = 'active' AND other.queues && workers.queues)
""")

# A run that is claimed ahead of its due time takes no slot yet.
BUSY_SLOTS = """(SELECT count(*) FROM runs WHERE runs.worker_id = workers.id AND (
    runs.state = 'running' OR runs.state = 'claimed' AND runs.due_at <= clock_timestamp()))"""

OWN_RUNS = text("""
SELECT id, fence, state, cancel_requested_at IS NOT NULL FROM runs
WHERE worker_id = :id AND state IN ('claimed', 'running')
""")

LEAVE = text("""
UPDATE workers SET state = 'gone', gone_at = clock_timestamp() WHERE id = :id AND state <> 'gone'
""")

ACTIVE = text("""
SELECT queue, count(*) FROM workers, unnest(queues) AS queue WHERE state = 'active' GROUP BY queue
""")

INTERPRETERS = text("""
SELECT interpreters FROM workers WHERE state = 'active' AND :queue = ANY(queues)
""")

FORGET = text("DELETE FROM workers WHERE state = 'gone' AND gone_at < now() - interval '7 days'")


SILENCE = "interval '10 seconds'"
"""Two heartbeats, at their default interval."""

IS_SILENT = f"w.heartbeat_at < clock_timestamp() - {SILENCE}"
"""Whether the worker `w` has missed two heartbeats."""

LEASE = timedelta(seconds=30)
"""By default; after so long without a beat a worker counts as down."""


class Beat(NamedTuple):
    """The database's clock at a heartbeat, and how many runs others could take of its queues."""

    now: datetime
    room_elsewhere: int


class WorkerRun(NamedTuple):
    """A claimed or running run of this worker, according to the database."""

    run_id: uuid.UUID
    fence: int
    state: str
    cancel_requested: bool


def register(
    connection: Connection,
    *,
    name: str,
    host: str,
    pid: int,
    slots: int,
    queues: Sequence[str] = (DEFAULT_QUEUE,),
    version: str | None = None,
    isolation: Collection[str] | None = None,
    interpreters: Collection[str] | None = None,
    secret_keys: Sequence[str] = (),
    lease: timedelta = LEASE,
) -> uuid.UUID:
    """Enter a new worker, active from now on; return its id, which is never used again."""
    worker_id = new_id()
    params = {"id": worker_id, "name": name, "host": host, "pid": pid, "slots": slots}
    params |= {"lease": lease}
    details: dict[str, object] = {
        "version": version,
        "isolation": None if isolation is None else sorted(isolation),
    }
    details["secret_keys"] = list(secret_keys)
    details["interpreters"] = None if interpreters is None else sorted(interpreters)
    connection.execute(REGISTER, {**params, **details, "room": slots, "queues": list(queues)})
    return worker_id


def beat(
    connection: Connection,
    *,
    worker_id: uuid.UUID,
    room: int,
    draining: bool = False,
    lease: timedelta = LEASE,
) -> Beat | None:
    """Renew the lease; return None when this worker was buried and must kill everything."""
    params = {"id": worker_id, "room": room, "draining": draining, "lease": lease}
    row = execute(connection, "beat", BEAT, params).one_or_none()
    return None if row is None else Beat(row[0], int(row[1]))


def runs_of_worker(connection: Connection, *, worker_id: uuid.UUID) -> list[WorkerRun]:
    """Return the worker's claimed and running runs, with cancels it may have missed."""
    return [WorkerRun(*row) for row in execute(connection, "own_runs", OWN_RUNS, {"id": worker_id})]


def leave(connection: Connection, *, worker_id: uuid.UUID) -> None:
    """Mark this worker as gone, so that its remaining runs are reaped at once."""
    connection.execute(LEAVE, {"id": worker_id})


def count_active(connection: Connection) -> dict[str, int]:
    """Return how many workers take runs now, by the queues that they serve."""
    return {queue: int(count) for queue, count in connection.execute(ACTIVE)}


def interpreters_of_active(connection: Connection, *, queue: str) -> list[list[str] | None]:
    """Return, for each worker that takes runs of a queue, the interpreters that it can use.

    None for a worker of a release that did not report them.
    """
    return list(connection.execute(INTERPRETERS, {"queue": queue}).scalars())


def forget_gone(connection: Connection) -> int:
    """Delete workers that left a week ago; return how many."""
    return connection.execute(FORGET).rowcount
