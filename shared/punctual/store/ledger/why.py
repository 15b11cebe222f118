"""Why: find the due time nearest before an instant, and explain it from the rows."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, defer

from punctual.domain.calendars.calendar import blocking_calendar, readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.reader import PLAIN, Reader
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.states import RunState
from punctual.domain.runs.why import (
    InLedger,
    RunFacts,
    TaskThen,
    TeamFull,
    Verdict,
    explain,
    not_planned,
)
from punctual.domain.schedules.syntax import FARTHEST_BACK, last_due, next_due, read_schedule
from punctual.domain.wording import run_clause
from punctual.store.calendars.changes import blocked_by, own_calendars_named
from punctual.store.ledger.entries import find_in_ledger
from punctual.store.lifecycle.planning.team_waits import wait_of
from punctual.store.runs.blocked_by import waits_for
from punctual.store.schema.models import Run, Task

# A run that was withdrawn answers for its due time only when no other does.
NEAREST = text("""
SELECT id FROM runs
WHERE task_id = :task_id AND scheduled_for BETWEEN :since AND :at
  AND trigger IN ('schedule', 'backfill', 'after')
ORDER BY scheduled_for DESC, superseded, trigger DESC, id DESC LIMIT 1
""")

# Where a calendar kept a run from following others, there is no run and no time of a schedule.
BLOCKED_FOLLOWING = text("""
SELECT max(scheduled_for) FROM ledger
WHERE task_id = :task_id AND scheduled_for BETWEEN :since AND :at AND reason = 'held'
""")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of `due`, the due time at or nearest before `at`; and which one is next."""

    at: datetime
    due: datetime | None
    verdict: Verdict
    sentence: str
    run: Run | None
    next_due: datetime | None


def why(
    session: Session,
    task: Task,
    *,
    at: datetime,
    keep: timedelta,
    now: datetime,
    reader: Reader = PLAIN,
) -> Explanation:
    """Explain the task's due time at or nearest before `at`, by its schedule and its runs."""
    read = read_schedule(task.schedule, anchor=task.schedule_anchor)
    schedule = None if isinstance(read, Unreadable) else read  # the rows still answer
    named = None if schedule is None else last_due(schedule, at=at)
    since = named or at - FARTHEST_BACK
    params = {"task_id": task.id, "since": since, "at": at}
    run_id: uuid.UUID | None = session.execute(NEAREST, params).scalar_one_or_none()
    run = session.get(Run, run_id, options=[defer(Run.spec)]) if run_id else None
    due = named if run is None else run.scheduled_for
    if task.after:
        blocked: datetime | None = session.execute(BLOCKED_FOLLOWING, params).scalar_one()
        if blocked is not None and (due is None or blocked > due):
            due, run = blocked, None
    verdict, sentence = explain(
        due,
        _run_facts(session, run, reader),
        _then(session, task, due=due, keep=keep, now=now),
        reader=reader,
    )
    if run is None and isinstance(read, Unreadable):
        verdict, sentence = Verdict.NOT_PLANNED, not_planned(read.detail, reader)
    coming = next_due(schedule, after=at)
    if due != at and due is not None:
        later = "nor later" if coming is None else f"next at {reader.due_time(coming)}"
        before = reader.due_time(due)
        sentence = (
            f"Not due at that instant ({later}); of {before}, the due time before: {sentence}"
        )
    return Explanation(at, due, verdict, sentence, run, coming)


def _run_facts(session: Session, run: Run | None, reader: Reader) -> RunFacts | None:
    if run is None:
        return None
    lateness = None if run.lateness_ms is None else run.lateness_ms / 1000
    state = RunState(run.state)
    cause = waits_for(session, run)
    reason = run_clause(state, run.reason_code, run.reason_args, run.reason, reader)
    return RunFacts(state, run.attempt, run.started_at, lateness, reason, run.superseded, cause)


def _then(
    session: Session, task: Task, *, due: datetime | None, keep: timedelta, now: datetime
) -> TaskThen:
    noted = None if due is None else _noted(session, task, due=due, now=now)
    wait = None
    if task.next_due_at is not None and task.next_due_at <= now:
        wait = wait_of(session.connection(), task.team_id, now=now)
    return TaskThen(
        enabled=task.enabled,
        exhausted=task.max_runs is not None and task.planned_runs >= task.max_runs,
        next_due_at=task.next_due_at,
        plan_error=task.plan_error,
        now=now,
        since=task.schedule_anchor,
        retained_since=now - keep,
        noted=noted,
        team_full=None if wait is None else TeamFull(wait.since, wait.most),
    )


def _noted(session: Session, task: Task, *, due: datetime, now: datetime) -> InLedger | None:
    """Return what the ledger says, or will say of a future due time that a calendar blocks."""
    noted = find_in_ledger(session.connection(), task_id=task.id, due=due)
    if noted is not None:
        return InLedger(noted.reason, noted.cause, noted.text)
    if due <= now or not task.calendars:
        return None
    own = own_calendars_named(session.connection(), task.team_id, task.calendars)
    calendars = readable_calendars(own, task.calendars)
    name = None if isinstance(calendars, Unreadable) else blocking_calendar(calendars, due)
    return None if name is None else InLedger(Reason.BLOCKED, blocked_by(name))
