"""Insert runs: the one statement that creates runs."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.params import Values
from punctual.domain.runs.reasons import CodedReason
from punctual.domain.runs.states import RunState, Trigger
from punctual.ops.json_text import as_text
from punctual.store.concurrency.usage import MAY_WAIT
from punctual.store.lifecycle.misfires.catch_up import GRACE
from punctual.store.lifecycle.run_spec import DEFAULTS, SPEC, start_by
from punctual.store.schema.models.model import new_id

# Runs that make up for others are due all at once: they wait for each other where they would be
# skipped. Backfilled ones are late on purpose, and have no start deadline.
INSERT_RUNS = text(f"""
INSERT INTO runs (id, task_id, team_id, state, trigger, triggered_by, scheduled_for, due_at,
                  start_by, max_attempts, priority, overlap, spec, params, reason_code, reason_args,
                  finished_at, limited, queue, caught_up)
SELECT new.id, t.id, t.team_id, new.state, new.trigger, new.triggered_by, new.scheduled_for,
       new.due_at,
       CASE WHEN new.trigger <> 'backfill' THEN {start_by("new")} END,
       t.max_retries + 1, t.priority,
       CASE WHEN new.waits AND t.overlap IN ('skip', 'replace')
            THEN 'queue' ELSE t.overlap END,
       {SPEC} || CASE WHEN new.upstream IS NULL THEN '{{}}'
                      ELSE jsonb_build_object('upstream', new.upstream) END,
       coalesce(new.params, {DEFAULTS}), new.reason_code, new.reason_args,
       CASE WHEN new.state <> 'scheduled' THEN now() END,
       {MAY_WAIT}, t.queue,
       new.state = 'scheduled' AND new.trigger = 'schedule' AND new.due_at < now() - {GRACE}
FROM jsonb_to_recordset(CAST(:runs AS jsonb)) AS new (
    id uuid, task_id uuid, state text, trigger text, triggered_by uuid, scheduled_for timestamptz,
    due_at timestamptz, reason_code text, reason_args jsonb, params jsonb, waits boolean,
    upstream jsonb)
JOIN tasks AS t ON t.id = new.task_id
ON CONFLICT DO NOTHING
""")

INSERTED = text("SELECT id FROM runs WHERE id = ANY(:ids)")


class Upstream(NamedTuple):
    """The upstream run of a new run, and how it ended; None when it was pruned."""

    run_id: uuid.UUID
    state: str | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to insert for one due time, with its task's command and policies as they are now.

    A missed one may stand for several: `times` due times until `until`.
    One that `waits` is not skipped nor replaced by others of its task, and does so to none.
    `upstream` is the last of the runs that it follows, if it follows any.
    `triggered_by` is the user who asked for it, if one did.
    `params` are values by name, checked and complete; None takes the defaults of the task.
    """

    task_id: uuid.UUID
    scheduled_for: datetime
    due_at: datetime
    trigger: Trigger = Trigger.SCHEDULE
    state: RunState = RunState.SCHEDULED
    reason: CodedReason | None = None
    until: datetime | None = None
    times: int = 1
    params: Values | None = None
    waits: bool = False
    upstream: Upstream | None = None
    triggered_by: uuid.UUID | None = None
    id: uuid.UUID = field(default_factory=new_id)


def insert_runs(connection: Connection, runs: Sequence[NewRun]) -> list[uuid.UUID]:
    """Insert the runs that are not there yet; return the ids of those that were new."""
    if not runs:
        return []
    ids = [run.id for run in runs]
    document = as_text([_row(run) for run in runs])
    if connection.execute(INSERT_RUNS, {"runs": document}).rowcount == len(ids):  # nearly always
        return ids
    return list(connection.execute(INSERTED, {"ids": ids}).scalars())


def _row(run: NewRun) -> dict[str, object]:
    return {
        "id": run.id,
        "task_id": run.task_id,
        "state": run.state,
        "trigger": run.trigger,
        "triggered_by": run.triggered_by,
        "scheduled_for": run.scheduled_for,
        "due_at": run.due_at,
        "reason_code": run.reason and run.reason.code,
        "reason_args": run.reason and run.reason.args,
        "params": run.params,
        "upstream": None if run.upstream is None else run.upstream._asdict(),
        "waits": run.waits or run.trigger == Trigger.BACKFILL,
    }
