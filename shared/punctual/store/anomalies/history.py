"""The history of a task that says what is normal for it."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.anomalies.history import HOURS, RECENT
from punctual.domain.anomalies.verdict import Success

LOOKED_AT = 2 * RECENT
"""Runs that are read to find the last successes: others end in other ways."""

COLUMNS = """
    r.scheduled_for AS at, extract(epoch FROM r.finished_at - r.started_at)::float8 AS seconds,
    r.output_bytes,
    (SELECT kind FROM run_anomalies AS a WHERE a.run_id = r.id ORDER BY kind LIMIT 1) AS oddity
"""

ORDINARY = """
    r.state = 'succeeded' AND r.trigger IN ('schedule', 'after') AND r.started_at IS NOT NULL
"""

LAST = text(f"""
SELECT {COLUMNS} FROM (
    SELECT * FROM runs WHERE task_id = :task_id AND scheduled_for < :before
    ORDER BY scheduled_for DESC LIMIT :looked_at) AS r
WHERE {ORDINARY} ORDER BY r.scheduled_for DESC LIMIT :recent
""")

# One look-up in uq_runs_once for each hour, 672 at most.
OF_EACH_HOUR = text(f"""
SELECT {COLUMNS} FROM generate_series(
    date_trunc('hour', CAST(:since AS timestamptz)), CAST(:until AS timestamptz), interval '1 hour'
) AS hour CROSS JOIN LATERAL (
    SELECT * FROM runs AS r
    WHERE r.task_id = :task_id AND r.scheduled_for >= hour
      AND r.scheduled_for < least(hour + interval '1 hour', CAST(:until AS timestamptz))
      AND {ORDINARY}
    ORDER BY r.scheduled_for LIMIT 1) AS r
""")


def history_of(connection: Connection, task_id: uuid.UUID, *, before: datetime) -> list[Success]:
    """Return the last successes by schedule, and before them one of each hour of four weeks."""
    params = {
        "task_id": task_id,
        "before": before,
        "recent": RECENT,
        "looked_at": LOOKED_AT,
    }
    found = [_success(*row) for row in connection.execute(LAST, params)]
    if len(found) == RECENT and found[-1].at > before - HOURS:
        hours = {"task_id": task_id, "since": before - HOURS, "until": found[-1].at}
        found += [_success(*row) for row in connection.execute(OF_EACH_HOUR, hours)]
    return found


def _success(at: datetime, seconds: float, output_bytes: int, oddity: str | None) -> Success:
    return Success(at, seconds, output_bytes, None if oddity is None else EventKind(oddity))
