"""The waiting list: due runs that wait for a concurrency limit."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.runs.concurrency import Limit, admit, limit_reached
from punctual.store.concurrency.admit import candidates_of, lock_number
from punctual.store.concurrency.usage import APPLIES, count_dispatched, limits_of
from punctual.store.lifecycle.misfires.catch_up import DISPATCHABLE

LOOKED_AT = 1000

DUE = f"""
    r.limited AND r.state = 'scheduled' AND r.due_at <= coalesce(:now, now()) + :window
    AND {DISPATCHABLE}
"""

WAITING = text(f"SELECT DISTINCT team_id FROM runs AS r WHERE {DUE}")

# Another coordinator that is doing this admits these runs as well: two at once would overbook.
TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(:key)")

NOT_FULL = f"""
    (t.max_concurrent IS NULL OR 'task ' || t.id <> ALL(:full))
    AND NOT EXISTS (SELECT FROM concurrency_limits AS l
                    WHERE {APPLIES} AND 'limit ' || l.id = ANY(:full))
"""

NEXT = text(f"""
SELECT r.id FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE {DUE} AND r.id <> ALL(CAST(:seen AS uuid[])) AND {NOT_FULL}
ORDER BY r.due_at, r.id LIMIT :limit
""")

NOTE = text(f"""
INSERT INTO ledger (task_id, scheduled_for, team_id, reason, reason_code, reason_args, run_id)
SELECT DISTINCT ON (r.task_id, r.scheduled_for)
       r.task_id, r.scheduled_for, r.team_id, 'limited', 'limit', reached.args, r.id
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
JOIN jsonb_to_recordset(CAST(:reached AS jsonb)) AS reached (key text, args jsonb)
  ON reached.key = 'task ' || t.id
  OR reached.key IN (SELECT 'limit ' || l.id FROM concurrency_limits AS l WHERE {APPLIES})
WHERE r.limited AND r.state = 'scheduled' AND r.attempt = 0 AND r.trigger = 'schedule'
  AND r.due_at <= coalesce(:now, now()) - interval '1 second'
ORDER BY r.task_id, r.scheduled_for, reached.key
ON CONFLICT DO NOTHING
""")


def next_of_waitlist(
    connection: Connection, *, window: timedelta, batch_size: int, now: datetime | None = None
) -> Iterator[list[uuid.UUID]]:
    """Yield due limited runs that fit into their limits, in batches, earliest due first.

    Queue what can be queued of each list before the next is asked for: that counts. At the end,
    late runs that had to stay are noted in the ledger with the limit that held them back.
    """
    params = {"window": window, "now": now}
    teams = list(connection.execute(WAITING, params).scalars())
    if not teams:
        return
    if not connection.execute(TAKE_TURN, {"key": lock_number("waiting list")}).scalar_one():
        return
    seen: list[uuid.UUID] = []
    full: dict[str, Limit] = {}
    while True:
        more = {**params, "seen": seen, "full": list(full), "limit": min(batch_size, LOOKED_AT)}
        found = list(connection.execute(NEXT, more).scalars())
        if not found:
            break
        counted = limits_of(connection, found)
        dispatched = count_dispatched(connection, teams)
        places = {
            row.limit.key: row.limit.most - dispatched.get(row.limit.key, 0) for row in counted
        }
        full |= {row.limit.key: row.limit for row in counted if places[row.limit.key] <= 0}
        candidates = candidates_of(counted)
        free = set(found) - {candidate.run_id for candidate in candidates}  # their limits are gone
        admitted = [*free, *admit(candidates, places)]
        seen += admitted
        if admitted:
            yield admitted
    _note(connection, full, now=now)


def _note(connection: Connection, full: dict[str, Limit], *, now: datetime | None) -> None:
    reached = [{"key": key, "args": limit_reached(limit).args} for key, limit in full.items()]
    if reached:
        connection.execute(NOTE, {"reached": json.dumps(reached), "now": now})
