"""Why a due time did, or did not, become a start on time: the answer in one sentence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from punctual.domain.reader import Reader
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import CodedReason
from punctual.domain.runs.states import PENDING, RunState
from punctual.domain.schedules.describe import duration_in_words
from punctual.domain.wording import clause, ledger_clause, ledger_sentence


class Verdict(StrEnum):
    """What became of a due time."""

    RAN = "ran"
    RUNNING = "running"
    WAITING = "waiting"
    SKIPPED = "skipped"
    MISSED = "missed"
    BLOCKED = "held"
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
class RunFacts:
    """What its run says about a due time; `lateness` in seconds, `waits_for` why it waits.

    `reason` is a clause that may follow a word for its state, already in its reader's words.
    """

    state: RunState
    attempt: int
    started_at: datetime | None
    lateness: float | None
    reason: str
    superseded: bool = False
    waits_for: CodedReason | None = None


@dataclass(frozen=True, slots=True)
class TaskThen:
    """What its task says about a due time, as the task is now: older versions are not stored.

    `next_due_at` is the first due time without a run yet, `since` when the schedule was set,
    `retained_since` how far history goes back, `noted` what the ledger says of this due time.
    """

    enabled: bool
    exhausted: bool
    next_due_at: datetime | None
    plan_error: str | None
    now: datetime
    since: datetime
    retained_since: datetime
    noted: "InLedger | None" = None
    team_full: "TeamFull | None" = None


class TeamFull(NamedTuple):
    """A team has, since then, all `most` unfinished runs that it may have."""

    since: datetime
    most: int


@dataclass(frozen=True, slots=True)
class InLedger:
    """The ledger's reason and its cause for a due time; `text` is from an old release."""

    reason: Reason
    cause: CodedReason | None
    text: str | None = None

    def clause(self, reader: Reader) -> str:
        """Return what follows the reason's word."""
        return ledger_clause(self.reason, self.cause, self.text, reader)


_WITHOUT_A_RUN = {
    Reason.MISSED: Verdict.MISSED,
    Reason.SKIPPED: Verdict.SKIPPED,
    Reason.BLOCKED: Verdict.BLOCKED,
    Reason.PAUSED: Verdict.PAUSED,
    Reason.SUPERSEDED: Verdict.WITHDRAWN,
    Reason.CANCELLED: Verdict.CANCELLED,
    Reason.LIMITED: Verdict.WAITING,
    Reason.LATE: Verdict.RAN,
}


def explain(
    due: datetime | None, run: RunFacts | None, task: TaskThen, *, reader: Reader
) -> tuple[Verdict, str]:
    """Return what became of the due time, as a word and as a sentence. None: there was none."""
    if due is None:
        return Verdict.NOT_DUE, "The task was not due at that time or before."
    if run is not None:
        return _of_run(run, task.noted, reader)
    if task.noted is not None:
        word = task.noted.reason
        return _WITHOUT_A_RUN[word], ledger_sentence(word, task.noted.clause(reader))
    if due < task.retained_since:
        return Verdict.FORGOTTEN, "Unknown: the history of that time has been pruned."
    if due < task.since:
        set_at = reader.instant(task.since)
        return (
            Verdict.EARLIER,
            f"No run: the task has had its present schedule only since {set_at}.",
        )
    return _without_run(due, task, reader)


def _without_run(due: datetime, task: TaskThen, reader: Reader) -> tuple[Verdict, str]:
    if task.plan_error is not None:
        return Verdict.NOT_PLANNED, not_planned(task.plan_error, reader)
    if task.exhausted:
        return Verdict.EXHAUSTED, "No run: the task has had all the runs that max_runs allows."
    if not task.enabled:
        return Verdict.PAUSED, "No run: the task is paused."
    if due > task.now:
        return Verdict.UPCOMING, "This due time is still to come."
    if task.next_due_at is not None and task.next_due_at <= due:
        return Verdict.WAITING, _unplanned(task.team_full, reader)
    return Verdict.UNKNOWN, "No run: the task was paused or had another schedule then."


def _unplanned(full: TeamFull | None, reader: Reader) -> str:
    if full is None:
        return "It is waiting for a coordinator to plan it."
    runs = "run" if full.most == 1 else "runs"
    return (
        f"It waits to be planned: its team has been at its limit of {full.most:,} unfinished {runs}"
        f" since {reader.instant(full.since)}."
    )


def not_planned(error: str, reader: Reader) -> str:
    """Return that a due time has no run because of this error."""
    return f"No run: it could not be planned ({reader.text(error)})."


def _of_run(run: RunFacts, noted: InLedger | None, reader: Reader) -> tuple[Verdict, str]:
    state = run.state
    if run.superseded:
        return Verdict.WITHDRAWN, _sentence("Withdrawn before its start", run.reason)
    if state == RunState.RUNNING:
        began = _start(run, noted, reader)
        running = "Its worker is starting it." if began is None else f"It is running, {began}."
        return Verdict.RUNNING, running
    if state in PENDING and run.attempt:
        why = f" ({run.reason})" if run.reason else ""
        ran = _ran(run, noted, reader)
        return Verdict.WAITING, f"{ran}, and did not succeed{why}; it will be retried."
    if state in PENDING:
        cause = ""
        if noted is not None and noted.reason == Reason.LIMITED:
            cause = noted.clause(reader)
        if run.waits_for and not cause:
            cause = clause(run.waits_for, reader)
        return Verdict.WAITING, _sentence(f"It is waiting to start ({state.value})", cause)
    if run.attempt:
        words = state.value.replace("_", " ")
        why = f": {run.reason}" if run.reason else ""
        return Verdict.RAN, f"{_ran(run, noted, reader)}, and ended as {words}{why}."
    word = state.value
    because = run.reason
    if noted is not None and noted.reason == word:
        because = noted.clause(reader) or because
    return Verdict(word), _sentence(word.capitalize(), because)


def _ran(run: RunFacts, noted: InLedger | None, reader: Reader) -> str:
    began = _start(run, noted, reader)
    return (
        "It was attempted, but its start was not recorded" if began is None else f"It ran, {began}"
    )


def _start(run: RunFacts, noted: InLedger | None, reader: Reader) -> str | None:
    if run.started_at is None:
        return None
    late = max(run.lateness or 0.0, 0.0)
    words = f"{late * 1000:.0f} ms" if late < 1 else duration_in_words(round(late))
    cause = "" if noted is None else _clause(noted, reader)
    return f"started at {reader.instant(run.started_at)}, {words} after it was due{cause}"


def _clause(noted: InLedger, reader: Reader) -> str:
    if noted.reason not in (Reason.LATE, Reason.LIMITED):
        return ""
    because = noted.clause(reader)
    return f" ({because})" if because else ""


def _sentence(what: str, reason: str) -> str:
    why = f": {reason}" if reason else ""
    return f"{what}{why}."
