"""Note what runs were judged to be: on the run, in the health of its task, and as events."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.anomalies.verdict import Anomaly
from punctual.domain.instant import format_instant
from punctual.domain.runs.health import Health
from punctual.ops.json_text import as_text
from punctual.store.alerts.events import NewEvent, record

NOTE = text("""
INSERT INTO run_anomalies (run_id, kind, figures)
SELECT run_id, kind, figures FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f (
    run_id uuid, kind text, figures jsonb)
ON CONFLICT DO NOTHING
""")

LOCKED = """
locked AS (
    SELECT h.task_id, h.since FROM task_health AS h
    WHERE h.task_id = ANY(:task_ids) AND h.outcome = '{outcome}'
    ORDER BY h.task_id FOR UPDATE
)
"""

# A task that has failed since stays failing.
SUSPECT = text(f"""
WITH {LOCKED.format(outcome=Health.OK)}
UPDATE task_health AS h SET outcome = '{Health.SUSPICIOUS}', since = now()
FROM locked WHERE h.task_id = locked.task_id
""")

CLEAR = text(f"""
WITH {LOCKED.format(outcome=Health.SUSPICIOUS)}
UPDATE task_health AS h SET outcome = '{Health.OK}', since = now()
FROM locked WHERE h.task_id = locked.task_id
RETURNING h.task_id, locked.since
""")


class JudgedRun(NamedTuple):
    """A run that was judged."""

    run_id: uuid.UUID
    task_id: uuid.UUID
    team_id: uuid.UUID
    finished_at: datetime


def note_anomalies(
    connection: Connection, found: Sequence[tuple[JudgedRun, Sequence[Anomaly]]]
) -> None:
    """Record these anomalies: their tasks are suspicious, unless they fail already."""
    if not found:
        return
    rows, events = [], []
    for run, anomalies in found:
        for each in anomalies:
            figures = each.figures()
            rows.append({"run_id": run.run_id, "kind": each.kind, "figures": figures})
            details = {
                "in_row": 1,
                "since": format_instant(run.finished_at),
                "figures": figures,
            }
            events.append(NewEvent(each.kind, run.team_id, run.task_id, run.run_id, details))
    connection.execute(NOTE, {"found": as_text(rows)})
    connection.execute(SUSPECT, {"task_ids": [run.task_id for run, _ in found]})
    record(connection, events)


def note_ordinary(connection: Connection, runs: Sequence[JudgedRun]) -> None:
    """Clear the tasks of these ordinary runs of suspicion: they have recovered."""
    last = {run.task_id: run for run in runs}
    if not last:
        return
    cleared = connection.execute(CLEAR, {"task_ids": list(last)}).all()
    record(
        connection,
        [
            NewEvent(
                EventKind.RECOVERED,
                last[row.task_id].team_id,
                row.task_id,
                last[row.task_id].run_id,
                {"was": Health.SUSPICIOUS, "since": format_instant(row.since), "in_row": 1},
            )
            for row in cleared
        ],
    )
