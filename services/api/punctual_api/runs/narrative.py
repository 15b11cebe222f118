"""What became of a run, in a sentence and in steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from punctual.domain.runs.states import FINAL, PENDING, RunState, Trigger
from punctual.store.schema.models import Run
from punctual_api.web.formatting import lateness_words, signal_words, span_words, state_words, took

MOST_ATTEMPTS = 5
GOOD = {RunState.SUCCEEDED}
PLAIN = {RunState.CANCELLED, RunState.SKIPPED}


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a run's timeline; `mark` is done, busy, wrong or nothing yet."""

    what: str
    at: datetime | None = None
    aside: str = ""
    mark: str = ""


def ending(told: Mapping[str, Any] | Run) -> str:
    """Why an attempt or a run ended as it did, short: "exit code 3", "killed by SIGKILL"."""
    known = told if isinstance(told, Mapping) else vars(told)
    if known["reason"]:
        return str(known["reason"])
    if known["signal"]:
        return f"killed by {signal_words(known['signal'])}"
    return "" if known["exit_code"] is None else f"exit code {known['exit_code']}"


def sentence(run: Run, *, waits_for: str | None = None) -> str:
    """Return where a run stands, and why, in plain words; `waits_for` is what holds it back."""
    left = left_behind_words(run.left_behind)
    return f"{_standing(run, waits_for)} {f'It {left}.' if left else ''}".rstrip()


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


def _standing(run: Run, waits_for: str | None) -> str:
    reason = ending(run).removeprefix(f"{state_words(run.state)}: ")
    why = f": {reason}" if reason else ""
    if run.state == RunState.RUNNING:
        if run.cancel_requested_at:
            return "It was cancelled; its worker is stopping it."
        starting = f"Worker {run.worker} is starting it."
        return f"It is running on {run.worker}." if run.started_at else starting
    if run.state in PENDING and run.attempt:
        return (
            f"Attempt {run.attempt} of {run.max_attempts} did not succeed{why}. "
            "It will be tried again."
        )
    if run.state in PENDING:
        held = f"Worker {run.worker} holds it" if run.state == RunState.CLAIMED else "It waits"
        return f"{held} until it is due{f': {waits_for}' if waits_for else ''}."
    if run.state == RunState.SUCCEEDED:
        seconds = took(run)
        return "It succeeded." if seconds is None else f"It succeeded after {span_words(seconds)}."
    words = {
        RunState.FAILED: f"It failed{why}",
        RunState.TIMED_OUT: f"It took too long{why}",
        RunState.LOST: f"What became of it is unknown{why}",
        RunState.CANCELLED: _cancelled(reason),
        RunState.MISSED: f"It was not started in time{why}",
        RunState.SKIPPED: f"It was skipped{why}",
    }[RunState(run.state)]
    retries = run.attempt > 1 and run.state in (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)
    return f"{words}. {run.attempt} attempts were made." if retries else f"{words}."


def _cancelled(reason: str) -> str:
    own_words = reason.removeprefix("cancelled")
    if own_words != reason:  # "cancelled", or "cancelled while it ran"
        return f"It was cancelled{own_words}"
    return f"It was cancelled: {reason}" if reason else "It was cancelled"


def timeline(run: Run, attempts: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The steps of a run so far, and the next one that is known."""
    asked = "Due" if run.trigger in (Trigger.SCHEDULE, Trigger.BACKFILL) else "Asked for"
    steps = [Step(asked, run.scheduled_for, mark="done")]
    if len(attempts) > MOST_ATTEMPTS:
        steps.append(Step(f"{len(attempts) - MOST_ATTEMPTS} earlier attempts", mark="wrong"))
    for attempt in attempts[-MOST_ATTEMPTS:]:
        steps += _attempt_steps(attempt, many=run.max_attempts > 1)
    if run.state in PENDING:
        again = f"Attempt {run.attempt + 1} due" if run.attempt else "Start"
        aside = f"{state_words(run.state)}, attempt {run.attempt + 1} of {run.max_attempts}"
        steps.append(Step(again, run.due_at, aside))
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
    mark = "done" if state in GOOD else "" if state in PLAIN else "wrong"
    return Step(words, at, aside, mark)
