"""Judge successes by what is normal for their task, some batches of them at a time."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.anomalies.history import is_stale
from punctual.domain.anomalies.verdict import (
    Anomaly,
    Norms,
    Sensitivity,
    Success,
    judge,
    learn_norms,
)
from punctual.ops.json_text import as_text
from punctual.store.anomalies.history import history_of
from punctual.store.anomalies.notes import JudgedRun, note_anomalies, note_ordinary

TAKE = text("""
DELETE FROM unjudged_runs WHERE id IN (
    SELECT id FROM unjudged_runs ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING run_ids
""")

RUNS = text("""
SELECT r.id, r.task_id, r.team_id, r.scheduled_for, r.finished_at, r.output_bytes,
       extract(epoch FROM r.finished_at - r.started_at)::float8 AS seconds,
       t.anomalies, n.norms, n.runs_since
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
LEFT JOIN task_norms AS n ON n.task_id = r.task_id
WHERE r.id = ANY(:ids) AND r.started_at IS NOT NULL AND t.deleted_at IS NULL
ORDER BY r.task_id, r.scheduled_for, r.id
""")

SAVE = text("""
INSERT INTO task_norms AS n (task_id, norms, runs_since, learned_at)
SELECT task_id, norms, runs_since, now() FROM jsonb_to_recordset(CAST(:learned AS jsonb)) AS l (
    task_id uuid, norms jsonb, runs_since integer)
ORDER BY task_id
ON CONFLICT (task_id) DO UPDATE SET norms = excluded.norms, runs_since = excluded.runs_since,
    learned_at = excluded.learned_at
""")

COUNT = text("""
UPDATE task_norms AS n SET runs_since = n.runs_since + c.runs
FROM jsonb_to_recordset(CAST(:counts AS jsonb)) AS c (task_id uuid, runs integer)
WHERE n.task_id = c.task_id
""")


@dataclass(slots=True)
class Judged:
    """What a batch came to; `batches` of FINISH were taken."""

    batches: int = 0
    runs: int = 0
    learned: int = 0
    anomalies: int = 0


@dataclass(slots=True)
class _Work:
    """A task's norms, as they are and as they are to be stored."""

    norms: Norms
    runs_since: int
    is_learned: bool = False
    judged: int = 0
    anomalies: list[tuple[JudgedRun, list[Anomaly]]] = field(default_factory=list)
    ordinary: list[JudgedRun] = field(default_factory=list)


def judge_runs(connection: Connection, *, batch_size: int, most_learned: int) -> Judged:
    """Judge the successes of at most `batch_size` batches of ended attempts.

    Learns what is normal for at most `most_learned` tasks; the others are judged by what is known.
    """
    taken = connection.execute(TAKE, {"limit": batch_size}).scalars().all()
    done = Judged(batches=len(taken))
    ids = [run_id for run_ids in taken for run_id in run_ids]
    if not ids:
        return done
    tasks: dict[uuid.UUID, _Work] = {}
    for row in connection.execute(RUNS, {"ids": ids}).all():
        sensitivity = Sensitivity(row.anomalies)
        run = JudgedRun(row.id, row.task_id, row.team_id, row.finished_at)
        work = tasks.setdefault(row.task_id, _known(row))
        if sensitivity == Sensitivity.OFF:
            work.ordinary.append(run)
            continue
        done.runs += 1
        if done.learned < most_learned and _is_stale(row, work):
            work.norms = learn_norms(_history(connection, row.task_id, row.scheduled_for))
            work.is_learned, work.judged, work.runs_since = True, 0, 0
            done.learned += 1
        work.judged += 1
        success = Success(row.scheduled_for, row.seconds, row.output_bytes)
        if found := judge(success, work.norms, sensitivity):
            work.anomalies.append((run, found))
            done.anomalies += len(found)
        else:
            work.ordinary.append(run)
    _save(connection, tasks)
    note_ordinary(connection, [run for work in tasks.values() for run in work.ordinary])
    note_anomalies(connection, [each for work in tasks.values() for each in work.anomalies])
    return done


def _known(row: Row[Any]) -> _Work:
    norms = Norms(None, None) if row.norms is None else Norms.read(row.norms)
    return _Work(norms, row.runs_since or 0)


def _is_stale(row: Row[Any], work: _Work) -> bool:
    if work.is_learned:
        return False
    return row.norms is None or is_stale(work.norms, work.runs_since + work.judged)


def _history(connection: Connection, task_id: uuid.UUID, before: datetime) -> list[Success]:
    return history_of(connection, task_id, before=before)


def _save(connection: Connection, tasks: dict[uuid.UUID, _Work]) -> None:
    learned, counts = [], []
    for task_id, work in tasks.items():
        # After an anomaly norms are learned anew: only then is the next of its kind counted.
        since = 1_000_000 if work.anomalies else work.judged
        if work.is_learned:
            norms = work.norms.document()
            learned.append({"task_id": task_id, "norms": norms, "runs_since": since})
        elif work.judged:
            counts.append({"task_id": task_id, "runs": since})
    if learned:
        connection.execute(SAVE, {"learned": as_text(learned)})
    if counts:
        connection.execute(COUNT, {"counts": as_text(counts)})
