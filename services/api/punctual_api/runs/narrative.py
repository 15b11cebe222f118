"""Narrative: what became of a run, in a sentence and in steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from punctual.domain.amounts import span_words
from punctual.domain.reader import PLAIN, Reader
from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.runs.states import FINAL, PENDING, RunState, Trigger
from punctual.domain.wording import clause, run_clause, run_reason
from punctual.store.schema.models import Run
from punctual_api.web.formatting import lateness_words, state_words, took

MOST_ATTEMPTS = 5
GOOD = {RunState.SUCCEEDED}
NEUTRAL = {RunState.CANCELLED, RunState.SKIPPED}


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a run's timeline; `mark` is done, busy, wrong or nothing yet."""

    what: str
    at: datetime | None = None
    aside: str = ""
    mark: str = ""


def ending(ended: Mapping[str, Any] | Run, reader: Reader = PLAIN) -> str:
    """Return why an attempt or a run ended as it did, short: "exit code 3", "killed by SIGKILL"."""
    known = ended if isinstance(ended, Mapping) else vars(ended)
    reason = run_reason(
        known["state"], known["reason_code"], known["reason_args"], known["reason"], reader
    )
    return reason or _status(known)


def sentence(run: Run, *, waits_for: CodedReason | None = None, reader: Reader = PLAIN) -> str:
    """Return the state of a run in plain words; `waits_for` is why it waits."""
    left = left_behind_words(run.left_behind)
    return f"{_state_sentence(run, waits_for, reader)} {f'It {left}.' if left else ''}".rstrip()


def left_behind_words(processes: int) -> str:
    """Return what an ended attempt did to the processes it left, "" where it left none."""
    if not processes:
        return ""
    left = (
        "1 process running, which was"
        if processes == 1
        else f"{processes} processes running, which were"
    )
    return f"left {left} ended"


def _status(known: Mapping[str, Any]) -> str:
    if known["signal"]:
        return clause(coded(ReasonCode.SIGNAL, signal=known["signal"]))
    if known["exit_code"] is None:
        return ""
    return clause(coded(ReasonCode.EXIT_CODE, exit_code=known["exit_code"]))


def _state_sentence(run: Run, waits_for: CodedReason | None, reader: Reader) -> str:
    reason = run_clause(run.state, run.reason_code, run.reason_args, run.reason, reader)
    reason = reason or _status(vars(run))
    why = f": {reason}" if reason else ""
    worker = reader.text(str(run.worker))
    if run.state == RunState.RUNNING:
        if run.cancel_requested_at:
            return "It was cancelled; its worker is stopping it."
        starting = f"Worker {worker} is starting it."
        return f"It is running on {worker}." if run.started_at else starting
    if run.state in PENDING and run.attempt:
        return (
            f"Attempt {run.attempt} of {run.max_attempts} did not succeed{why}. "
            "It will be tried again."
        )
    if run.state in PENDING:
        place = f"Worker {worker} holds it" if run.state == RunState.CLAIMED else "It waits"
        return f"{place} until it is due{f': {clause(waits_for, reader)}' if waits_for else ''}."
    if run.state == RunState.SUCCEEDED:
        seconds = took(run)
        return "It succeeded." if seconds is None else f"It succeeded after {span_words(seconds)}."
    words = {
        RunState.FAILED: f"It failed{why}",
        RunState.TIMED_OUT: f"It took too long{why}",
        RunState.LOST: f"What became of it is unknown{why}",
        RunState.CANCELLED: _cancelled(run, reason),
        RunState.MISSED: f"It was not started in time{why}",
        RunState.SKIPPED: f"It was skipped{why}",
    }[RunState(run.state)]
    retries = run.attempt > 1 and run.state in (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)
    return f"{words}. {run.attempt} attempts were made." if retries else f"{words}."


def _cancelled(run: Run, reason: str) -> str:
    if run.reason_code == ReasonCode.CANCELLED and run.reason is None:
        return f"It was {reason or 'cancelled'}"  # "cancelled while it ran"
    return f"It was cancelled: {reason}" if reason else "It was cancelled"


def timeline(run: Run, attempts: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Return the steps of a run so far, and the next one that is known."""
    label = "Due" if run.trigger in (Trigger.SCHEDULE, Trigger.BACKFILL) else "Asked for"
    steps = [Step(label, run.scheduled_for, mark="done")]
    if len(attempts) > MOST_ATTEMPTS:
        steps.append(Step(f"{len(attempts) - MOST_ATTEMPTS} earlier attempts", mark="wrong"))
    for attempt in attempts[-MOST_ATTEMPTS:]:
        steps += _attempt_steps(attempt, many=run.max_attempts > 1)
    if run.state in PENDING:
        next_start = f"Attempt {run.attempt + 1} due" if run.attempt else "Start"
        aside = f"{state_words(run.state)}, attempt {run.attempt + 1} of {run.max_attempts}"
        steps.append(Step(next_start, run.due_at, aside))
    elif run.state in FINAL and not (attempts and attempts[-1]["state"] == run.state):
        steps.append(_ended(state_words(run.state).capitalize(), run.finished_at, run.state))
    return steps


def _attempt_steps(attempt: Mapping[str, Any], *, many: bool) -> list[Step]:
    number = f" attempt {attempt['attempt']}" if many else ""
    late = attempt["lateness_ms"]
    aside = "" if late is None else f"{lateness_words(late)} after it was due"
    running = attempt["state"] == RunState.RUNNING
    begun = Step(f"Started{number}", attempt["started_at"], aside, "busy" if running else "done")
    if running:
        return [begun]
    seconds = took(attempt)
    after = "" if seconds is None else f"after {span_words(seconds)}"
    words = state_words(attempt["state"]).capitalize()
    end = _ended(words, attempt["finished_at"], attempt["state"], after)
    return [begun, end] if attempt["started_at"] else [end]


def _ended(words: str, at: datetime | None, state: str, aside: str = "") -> Step:
    mark = "done" if state in GOOD else "" if state in NEUTRAL else "wrong"
    return Step(words, at, aside, mark)
