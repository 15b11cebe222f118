"""Live output: what a running attempt has written, fetched from its worker on request."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from punctual.store.schema.models import LiveOutput

LOOK_CHANNEL = "punctual_look"
"""Workers listen here: `{"worker": id, "run": id}`, a running run whose output a user opened."""

FRESH = timedelta(seconds=1)
"""Output younger than this is not fetched again, however many users have it open."""

# Requests output unless the stored one is fresh; returns the instant to wait for.
REQUEST = text("""
SELECT now(), pg_notify(:channel, CAST(json_build_object('worker', r.worker_id, 'run', r.id)
                                       AS text))
FROM runs AS r LEFT JOIN live_outputs AS l ON l.run_id = r.id AND l.fence = r.fence
WHERE r.id = :run_id AND r.state = 'running' AND r.worker_id IS NOT NULL
  AND (l.written_at IS NULL OR l.written_at < now() - :fresh)
""")

PENDING = text("""
SELECT EXISTS (
    SELECT FROM runs AS r LEFT JOIN live_outputs AS l ON l.run_id = r.id AND l.fence = r.fence
    WHERE r.id = :run_id AND r.state = 'running'
      AND (l.written_at IS NULL OR l.written_at < :requested_at))
""")

# Not an upsert: that would need the right to read what other workers' commands have written.
FORGET = text("DELETE FROM live_outputs WHERE run_id = :run_id")

STORE = text("""
INSERT INTO live_outputs
    (run_id, attempt, fence, data, segments, head_bytes, output_bytes, written_at)
SELECT r.id, r.attempt, r.fence, :data,
       ARRAY(SELECT size::int FROM jsonb_array_elements_text(CAST(:segments AS jsonb)) AS size),
       :head_bytes, :output_bytes, clock_timestamp()
FROM runs AS r
WHERE r.id = :run_id AND r.fence = :fence AND r.worker_id = :worker_id AND r.state = 'running'
""")

PRUNE = text("""
DELETE FROM live_outputs WHERE run_id IN (
    SELECT l.run_id FROM live_outputs AS l
    WHERE NOT EXISTS (SELECT FROM runs AS r
                      WHERE r.id = l.run_id AND r.fence = l.fence AND r.state = 'running')
    LIMIT :limit)
""")


def request_output(connection: Connection, *, run_id: uuid.UUID) -> datetime | None:
    """Ask a run's worker for its output once this is committed; None when there is no need to."""
    params = {"run_id": run_id, "channel": LOOK_CHANNEL, "fresh": FRESH}
    row = connection.execute(REQUEST, params).one_or_none()
    return None if row is None else row[0]


def output_is_pending(connection: Connection, *, run_id: uuid.UUID, requested_at: datetime) -> bool:
    """Return whether the run still runs and its worker has not answered that request."""
    params = {"run_id": run_id, "requested_at": requested_at}
    return bool(connection.execute(PENDING, params).scalar_one())


def store_live_output(
    connection: Connection,
    *,
    worker_id: uuid.UUID,
    run_id: uuid.UUID,
    fence: int,
    data: bytes,
    segments: Sequence[int],
    head_bytes: int,
    output_bytes: int,
) -> bool:
    """Write what the attempt under this fence has written so far; False when it is over."""
    values = {
        "worker_id": worker_id,
        "run_id": run_id,
        "fence": fence,
        "data": data,
        "segments": json.dumps(list(segments)),
        "head_bytes": head_bytes,
        "output_bytes": output_bytes,
    }
    connection.execute(FORGET, {"run_id": run_id})
    return connection.execute(STORE, values).rowcount == 1


def find_live_output(session: Session, run_id: uuid.UUID, *, attempt: int) -> LiveOutput | None:
    """Return what the worker last reported of this attempt."""
    statement = select(LiveOutput).where(LiveOutput.run_id == run_id, LiveOutput.attempt == attempt)
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def prune_live_outputs(connection: Connection, *, batch_size: int) -> int:
    """Delete the live output of attempts that have ended; return how many."""
    return connection.execute(PRUNE, {"limit": batch_size}).rowcount
