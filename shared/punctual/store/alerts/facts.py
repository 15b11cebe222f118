"""Facts of events: all that their message says, read when it is composed."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from punctual.domain.alerts.edits import edits_between
from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import (
    MOST_AFFECTED,
    EventFacts,
    LastSuccess,
    RunFacts,
    TaskFacts,
)
from punctual.domain.alerts.snooze import zone_of_schedule
from punctual.domain.runs.output import first_new_line, last_lines

MOST_IN_DETAIL = 3
"""A message of more events than these is a list, which has no output."""
MOST_LINES = 20
LONGEST_LINE = 500
MOST_BYTES = 256 * 1024
"""Of an output, its end."""
MOST_RUNS_BACK = 500
"""Where the last success lies farther back, it is not looked for: it would explain little."""
WITH_SUCCESS = frozenset(
    {EventKind.FAILED, EventKind.LOST, EventKind.SLOW, EventKind.FAST, EventKind.SILENT}
)

EVENTS = text("""
SELECT e.id, e.kind, e.at, e.team_id, e.task_id, e.run_id, e.details,
       m.slug, m.name AS team_name, t.name AS task_name, t.tags, t.schedule,
       r.state, r.trigger, r.scheduled_for, r.attempt, r.max_attempts, r.started_at, r.finished_at,
       r.exit_code, r.signal, r.reason_code, r.reason_args, r.reason, r.output_bytes, r.created_at
FROM alert_events AS e
LEFT JOIN teams AS m ON m.id = e.team_id
LEFT JOIN tasks AS t ON t.id = e.task_id
LEFT JOIN runs AS r ON r.id = e.run_id
WHERE e.id = ANY (:ids) ORDER BY e.id
""")

# The index is followed back from the run: a task that fails for long is not read to its beginning.
SUCCESS = text("""
SELECT id, started_at, finished_at, created_at FROM (
    SELECT id, state, started_at, finished_at, created_at, scheduled_for FROM runs
    WHERE task_id = :task_id AND scheduled_for < :before
    ORDER BY scheduled_for DESC LIMIT :limit) AS recent
WHERE state = 'succeeded' ORDER BY scheduled_for DESC LIMIT 1
""")

SPECS = text("SELECT id, spec FROM runs WHERE id = ANY (:ids)")

OUTPUT = text("""
SELECT substring(data FROM greatest(1, length(data) - :most + 1)) AS data,
       length(data) <= :most AS whole
FROM outputs WHERE run_id = :run_id ORDER BY attempt DESC LIMIT 1
""")

EDITORS = text("""
SELECT DISTINCT u.username FROM (
    SELECT version, at, changed_by FROM task_versions WHERE task_id = :task_id
    UNION ALL SELECT version, updated_at, updated_by FROM tasks WHERE id = :task_id
) AS v JOIN users AS u ON u.id = v.changed_by
WHERE v.at > :since AND v.at <= :until ORDER BY 1 LIMIT 5
""")

AFFECTED = text("""
SELECT id, name, tags, schedule FROM tasks WHERE id = ANY (:ids) ORDER BY name, id LIMIT :limit
""")


class _Written(NamedTuple):
    """The end of an output, and whether it is all that was stored."""

    data: bytes
    is_whole: bool


def load(connection: Connection, event_ids: Sequence[int]) -> list[EventFacts]:
    """Return the facts of these events, oldest first; those of pruned ones are left out.

    Few events have output and what changed since the last success, many have not.
    """
    found = connection.execute(EVENTS, {"ids": list(event_ids)}).all()
    in_detail = len(found) <= MOST_IN_DETAIL
    return [_facts(connection, row, in_detail=in_detail) for row in found]


def _facts(connection: Connection, row: Row[Any], *, in_detail: bool) -> EventFacts:
    kind, run = EventKind(row.kind), _run(row)
    tail: tuple[str, ...] = ()
    success = None
    if in_detail and run is not None:
        written = _written(connection, run.id)
        tail = last_lines(written.data, most=MOST_LINES, longest=LONGEST_LINE)
        if kind in WITH_SUCCESS:
            success = _last_success(connection, row, written)
    return EventFacts(
        id=row.id,
        kind=kind,
        at=row.at,
        team=row.slug,
        team_name=row.team_name,
        team_id=row.team_id,
        task=_task(row.task_id, row.task_name, row.tags, row.schedule),
        run=run,
        details=row.details,
        tail=tail,
        last_success=success,
        affected=_affected(connection, row.details) if in_detail else (),
    )


def _task(
    task_id: uuid.UUID | None, name: str | None, tags: Sequence[str], schedule: object
) -> TaskFacts | None:
    if task_id is None or name is None:
        return None
    return TaskFacts(task_id, name, tuple(tags), zone_of_schedule(schedule).key)


def _run(row: Row[Any]) -> RunFacts | None:
    if row.state is None:
        return None
    names = (
        *("state", "trigger", "scheduled_for", "attempt", "max_attempts", "started_at"),
        *("finished_at", "exit_code", "signal", "reason_code", "reason_args", "reason"),
        "output_bytes",
    )
    return RunFacts(id=row.run_id, **{name: getattr(row, name) for name in names})


def _written(connection: Connection, run_id: uuid.UUID) -> _Written:
    row = connection.execute(OUTPUT, {"run_id": run_id, "most": MOST_BYTES}).one_or_none()
    return _Written(b"", is_whole=True) if row is None else _Written(bytes(row.data), row.whole)


def _last_success(connection: Connection, row: Row[Any], written: _Written) -> LastSuccess | None:
    params = {"task_id": row.task_id, "before": row.scheduled_for, "limit": MOST_RUNS_BACK}
    success = connection.execute(SUCCESS, params).one_or_none()
    if success is None:
        return None
    specs = {
        found.id: found.spec
        for found in connection.execute(SPECS, {"ids": [success.id, row.run_id]})
    }
    edits = edits_between(specs.get(success.id, {}), specs.get(row.run_id, {}))
    before = _written(connection, success.id)
    # Of an output of which only the end is here, any line may be new.
    new_line = (
        first_new_line(written.data, before.data, longest=LONGEST_LINE)
        if before.is_whole and written.is_whole
        else None
    )
    took = None if success.started_at is None else success.finished_at - success.started_at
    return LastSuccess(
        run_id=success.id,
        finished_at=success.finished_at,
        seconds=None if took is None else took.total_seconds(),
        edits=edits,
        editors=_editors(connection, row, success) if edits else (),
        new_line=new_line,
    )


def _editors(connection: Connection, row: Row[Any], success: Row[Any]) -> tuple[str, ...]:
    params = {"task_id": row.task_id, "since": success.created_at, "until": row.created_at}
    return tuple(connection.execute(EDITORS, params).scalars())


def _affected(connection: Connection, details: Mapping[str, Any]) -> tuple[TaskFacts, ...]:
    ids = details.get("affected")
    if not isinstance(ids, list) or not ids:
        return ()
    params = {"ids": [uuid.UUID(each) for each in ids], "limit": MOST_AFFECTED}
    tasks = (
        _task(row.id, row.name, row.tags, row.schedule)
        for row in connection.execute(AFFECTED, params)
    )
    return tuple(task for task in tasks if task is not None)
