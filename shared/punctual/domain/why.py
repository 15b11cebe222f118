"""Why a due time did, or did not, become a start on time: the answer in one sentence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from punctual.domain.describe import duration_in_words
from punctual.domain.instant import format_instant
from punctual.domain.run import PENDING, RunState


class Verdict(StrEnum):
    """What became of a due time."""

    RAN = "ran"
    RUNNING = "running"
    WAITING = "waiting"
    SKIPPED = "skipped"
    MISSED = "missed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    NOT_PLANNED = "not_planned"
    EXHAUSTED = "exhausted"
    PAUSED = "paused"
    EARLIER = "earlier"
    FORGOTTEN = "forgotten"
    UPCOMING = "upcoming"
    UNKNOWN = "unknown"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Told:
    """What its run says of a due time; `lateness` in seconds."""

    state: RunState
    attempt: int
    started_at: datetime | None
    lateness: float | None
    reason: str | None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class TaskThen:
    """What its task says: all as it is now, as nothing older is kept.

    `next_due_at` is the first due time without a run yet, `since` when the schedule was set,
    `kept_since` how far history goes back, `stood_for` the reason of a missed run that stands for
    this due time as well.
    """

    enabled: bool
    exhausted: bool
    next_due_at: datetime | None
    plan_error: str | None
    now: datetime
    since: datetime
    kept_since: datetime
    stood_for: str | None = None


def explain(due: datetime | None, run: Told | None, task: TaskThen) -> tuple[Verdict, str]:
    """What became of the due time, as a word and as a sentence. None: there was none."""
    if due is None:
        return Verdict.NOT_DUE, "The task was never due up to then."
    if run is not None:
        return _of_run(run)
    if task.stood_for is not None:
        return Verdict.MISSED, _sentence("Missed", task.stood_for, "missed")
    if due < task.kept_since:
        return Verdict.FORGOTTEN, "Unknown: history that old is pruned."
    if due < task.since:
        set_at = format_instant(task.since)
        return Verdict.EARLIER, f"No run: the schedule as it is was set only at {set_at}."
    return _without_run(due, task)


def _without_run(due: datetime, task: TaskThen) -> tuple[Verdict, str]:
    if task.plan_error is not None:
        return Verdict.NOT_PLANNED, f"No run: it could not be planned ({task.plan_error})."
    if task.exhausted:
        return Verdict.EXHAUSTED, "No run: the task has had all the runs that max_runs allows."
    if not task.enabled:
        return Verdict.PAUSED, "No run: the task is paused."
    if due > task.now:
        return Verdict.UPCOMING, "It is still to come."
    if task.next_due_at is not None and task.next_due_at <= due:
        return Verdict.WAITING, "It waits to be planned by a coordinator."
    return Verdict.UNKNOWN, "No run: the task was paused or had another schedule then."


def _of_run(run: Told) -> tuple[Verdict, str]:
    state = run.state
    if run.superseded:
        return Verdict.WITHDRAWN, _sentence("Withdrawn before its start", run.reason, "withdrawn")
    if state == RunState.RUNNING:
        return Verdict.RUNNING, f"It is running, {_start(run)}."
    if state in PENDING and run.attempt:
        why = f" ({run.reason})" if run.reason else ""
        return Verdict.WAITING, f"It ran, {_start(run)}, without success{why}; it is tried again."
    if state in PENDING:
        return Verdict.WAITING, f"It waits for its start and is {state.value} now."
    if run.attempt:
        words = state.value.replace("_", " ")
        why = f": {run.reason.removeprefix(f'{words}: ')}" if run.reason else ""
        return Verdict.RAN, f"It ran, {_start(run)}, and ended as {words}{why}."
    word = state.value
    return Verdict(word), _sentence(word.capitalize(), run.reason, word)


def _start(run: Told) -> str:
    if run.started_at is None:
        return "just started"
    late = max(run.lateness or 0.0, 0.0)
    words = f"{late * 1000:.0f} ms" if late < 1 else duration_in_words(round(late))
    return f"started at {format_instant(run.started_at)}, {words} after it was due"


def _sentence(what: str, reason: str | None, known: str) -> str:
    why = f": {reason.removeprefix(f'{known}: ')}" if reason else ""
    return f"{what}{why}."
