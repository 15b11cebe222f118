"""The waiting list: due runs that wait for a concurrency limit."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.runs.concurrency import Limit, admit, places_left
from punctual.store.concurrency.admit import candidates_of, lock_number
from punctual.store.concurrency.team_slots import reached_reason, slugs_of
from punctual.store.concurrency.usage import (
    APPLIES,
    MAY_USE_QUEUE,
    count_running,
    limits_of,
    queued_by_limit,
)
from punctual.store.lifecycle.misfires.catch_up import DISPATCHABLE
from punctual.store.queues.closed import call_back, note_closed

LOOKED_AT = 1000

DUE = f"""
    r.limited AND r.state = 'scheduled' AND r.due_at <= coalesce(:now, now()) + :window
    AND {DISPATCHABLE}
"""

WAITING = text(f"""
SELECT ARRAY(SELECT DISTINCT team_id FROM runs AS r WHERE {DUE}) AS teams,
       ARRAY(SELECT name FROM queues) AS closed_queues
""")

# Another coordinator that is doing this admits these runs as well: two at once would overbook.
TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(:key)")

# Where a limit of all its runs is reached by those that run, nothing of a team is looked at,
# however much of it waits.
WHOLE_TEAMS = text("""
SELECT id, team_id, max_concurrent, slots FROM concurrency_limits
WHERE tag IS NULL AND team_id = ANY(:teams)
""")

NOT_FULL = f"""
    (t.max_concurrent IS NULL OR 'task ' || t.id || ' ' || r.queue <> ALL(:full))
    AND NOT EXISTS (SELECT FROM concurrency_limits AS l
                    WHERE {APPLIES} AND 'limit ' || l.id || ' ' || r.queue = ANY(:full))
"""

NEXT = text(f"""
SELECT r.id FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE r.team_id = ANY(:teams) AND {DUE} AND r.id <> ALL(CAST(:seen AS uuid[])) AND {NOT_FULL}
  AND {MAY_USE_QUEUE}
ORDER BY r.due_at, r.id LIMIT :limit
""")

NOTE = text(f"""
INSERT INTO ledger (task_id, scheduled_for, team_id, reason, reason_code, reason_args, run_id)
SELECT DISTINCT ON (r.task_id, r.scheduled_for)
       r.task_id, r.scheduled_for, r.team_id, 'limited', reached.code, reached.args, r.id
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
JOIN jsonb_to_recordset(CAST(:reached AS jsonb))
        AS reached (key text, queue text, code text, args jsonb)
  ON coalesce(reached.queue, r.queue) = r.queue
     AND (reached.key = 'task ' || t.id
          OR reached.key IN (SELECT 'limit ' || l.id FROM concurrency_limits AS l WHERE {APPLIES}))
WHERE r.limited AND r.state = 'scheduled' AND r.attempt = 0 AND r.trigger = 'schedule'
  AND r.due_at <= coalesce(:now, now()) - interval '1 second'
  AND NOT EXISTS (SELECT FROM ledger AS noted WHERE noted.task_id = r.task_id
                  AND noted.scheduled_for = r.scheduled_for)
ORDER BY r.task_id, r.scheduled_for, reached.key
ON CONFLICT DO NOTHING
""")


Full = dict[tuple[str, str | None], Limit]
"""Limits that are reached, by key and queue; None: in every queue."""


def next_of_waitlist(
    connection: Connection, *, window: timedelta, batch_size: int, now: datetime | None = None
) -> Iterator[list[uuid.UUID]]:
    """Yield due limited runs that fit into their limits, in batches, earliest due first.

    Queue what can be queued of each list before the next is asked for: that counts. At the end,
    late runs that had to stay are noted in the ledger with the limit that held them back.
    """
    params = {"window": window, "now": now}
    waiting = connection.execute(WAITING, params).one()
    teams: list[uuid.UUID] = waiting.teams
    if not teams and not waiting.closed_queues:
        return
    if not connection.execute(TAKE_TURN, {"key": lock_number("waiting list")}).scalar_one():
        return
    if waiting.closed_queues:
        call_back(connection, queues=waiting.closed_queues)
        note_closed(connection, now=now)
    seen: list[uuid.UUID] = []
    running = count_running(connection, teams)
    full, shut = _full_teams(connection, teams, running)
    open_teams = [team for team in teams if team not in shut]
    while True:
        more = {
            **params,
            "teams": open_teams,
            "seen": seen,
            "full": [f"{key} {queue}" for key, queue in full if queue],
            "limit": min(batch_size, LOOKED_AT),
        }
        found = list(connection.execute(NEXT, more).scalars())
        if not found:
            break
        counted = limits_of(connection, found)
        running = count_running(connection, teams)
        ahead = queued_by_limit(connection, open_teams)
        places = {row.limit.key: row.limit.most - running.get(row.limit.key, 0) for row in counted}
        # In the order of due times: what does not fit for one has no place for later ones either.
        full |= {
            (row.limit.key, row.queued.queue): row.limit
            for row in counted
            if places_left(places[row.limit.key], ahead.get(row.limit.key, {}), row.queued) <= 0
        }
        candidates = candidates_of(counted, in_queues=True)
        free = set(found) - {candidate.run_id for candidate in candidates}  # their limits are gone
        admitted = [*free, *admit(candidates, places, ahead)]
        seen += admitted
        if admitted:
            yield admitted
    _note(connection, full, running, now=now)


def _full_teams(
    connection: Connection, teams: Sequence[uuid.UUID], running: Mapping[str, int]
) -> tuple[Full, set[uuid.UUID]]:
    """Return the limits of whole teams that are reached by what runs, and those teams."""
    full: Full = {}
    shut = set()
    for row in connection.execute(WHOLE_TEAMS, {"teams": teams}):
        key = f"limit {row.id}"
        if running.get(key, 0) >= row.max_concurrent:
            full[key, None] = Limit(key, row.max_concurrent, slots=row.slots)
            shut.add(row.team_id)
    return full, shut


def _note(
    connection: Connection,
    full: Full,
    running: Mapping[str, int],
    *,
    now: datetime | None,
) -> None:
    if not full:
        return
    slugs = slugs_of(connection, full.values())
    reached = [
        {"key": key, "queue": queue, "code": why.code, "args": why.args}
        for (key, queue), limit in full.items()
        for why in [reached_reason(limit, slugs, running.get(key, 0))]
    ]
    connection.execute(NOTE, {"reached": json.dumps(reached), "now": now})
