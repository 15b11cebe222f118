"""Late tasks: note those of which a run is due and has not started, until it has."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.instant import format_instant
from punctual.domain.runs.health import Health
from punctual.store.alerts.events import NewEvent, record
from punctual.store.processes.health_summary import WAITS_FOR_LIMIT, WAITS_FOR_RUN

# A run that waits for another one of its task, or for a limit, is where its task's own rules want
# it. Of the three states, the oldest are read by an index each: of queued runs the turns are about
# the order of their due times.
OVERDUE = f"""
overdue AS MATERIALIZED (
    (SELECT * FROM runs WHERE state = 'scheduled' AND due_at <= coalesce(:now, now()) - :after
     ORDER BY due_at LIMIT :limit)
    UNION ALL
    SELECT * FROM (SELECT * FROM runs WHERE state = 'queued' ORDER BY queue, turn LIMIT :limit) AS q
    WHERE due_at <= coalesce(:now, now()) - :after
    UNION ALL
    SELECT * FROM runs WHERE state = 'claimed' AND due_at <= coalesce(:now, now()) - :after
), waiting AS (
    SELECT DISTINCT ON (r.task_id) r.id, r.task_id, r.due_at FROM overdue AS r
    WHERE r.attempt = 0 AND NOT ({WAITS_FOR_RUN}) AND NOT ({WAITS_FOR_LIMIT})
    ORDER BY r.task_id, r.due_at
)
"""

BEGUN = text(f"""
WITH {OVERDUE}, locked AS (
    SELECT h.task_id, waiting.id AS run_id, waiting.due_at FROM task_health AS h
    JOIN waiting ON waiting.task_id = h.task_id
    WHERE h.late_since IS NULL
    ORDER BY h.task_id FOR UPDATE OF h SKIP LOCKED
)
UPDATE task_health AS h SET late_since = locked.due_at FROM locked
WHERE h.task_id = locked.task_id AND h.late_since IS NULL
RETURNING h.task_id, h.team_id, locked.run_id, h.late_since, h.health
""")

# The run has started or was ended otherwise: no run of the task that is due waits for its start.
ENDED = text("""
WITH over AS (
    SELECT h.task_id, h.late_since, h.health FROM task_health AS h
    WHERE h.late_since IS NOT NULL AND NOT EXISTS (
        SELECT FROM runs AS r
        WHERE r.task_id = h.task_id AND r.state IN ('scheduled', 'queued', 'claimed')
          AND r.attempt = 0 AND r.due_at <= coalesce(:now, now()) - :after)
    ORDER BY h.task_id FOR UPDATE OF h SKIP LOCKED LIMIT :limit
)
UPDATE task_health AS h SET late_since = NULL FROM over WHERE h.task_id = over.task_id
RETURNING h.task_id, h.team_id, over.late_since, over.health,
    (SELECT r.id FROM runs AS r WHERE r.task_id = h.task_id AND r.scheduled_for >= over.late_since
       AND r.attempt > 0 ORDER BY r.scheduled_for LIMIT 1) AS run_id
""")


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many tasks became late, and how many no longer are."""

    begun: int
    ended: int


def note_late(
    connection: Connection, *, after: timedelta, batch_size: int, now: datetime | None = None
) -> Lateness:
    """Note tasks of which a run has been due for longer than `after` and has not started.

    A task that is failing or paused becomes late without an event: people know already.
    """
    params = {"after": after, "limit": batch_size, "now": now}
    ended = connection.execute(ENDED, params).all()
    begun = connection.execute(BEGUN, params).all()
    record(
        connection,
        [
            *(
                _event(EventKind.RECOVERED, row.team_id, row.task_id, row.run_id, row.late_since)
                for row in ended
                if row.health == Health.LATE and row.run_id is not None
            ),
            *(
                _event(EventKind.LATE, row.team_id, row.task_id, row.run_id, row.late_since)
                for row in begun
                if row.health == Health.LATE
            ),
        ],
    )
    return Lateness(len(begun), len(ended))


def _event(
    kind: EventKind, team_id: uuid.UUID, task_id: uuid.UUID, run_id: uuid.UUID, since: datetime
) -> NewEvent:
    details: dict[str, object] = {"since": format_instant(since), "in_row": 1}
    if kind == EventKind.RECOVERED:
        details["was"] = Health.LATE
    return NewEvent(kind, team_id, task_id, run_id, details)
