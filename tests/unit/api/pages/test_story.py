"""What became of a run, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.store.schema.models import Run
from punctual_api.runs.narrative import MOST_ATTEMPTS, ending, sentence, timeline

WHY = ("reason", "reason_code", "reason_args")
DUE = datetime(2026, 1, 1, tzinfo=UTC)


def run(**values: Any) -> Run:
    known = dict.fromkeys(
        ("started_at", "finished_at", "lateness_ms", "exit_code", "signal", "worker", *WHY)
    )
    plain = {"trigger": "schedule", "scheduled_for": DUE, "due_at": DUE, "attempt": 1}
    return Run(
        **{
            **known,
            **plain,
            "max_attempts": 4,
            "cancel_requested_at": None,
            "left_behind": 0,
            **values,
        }
    )


def why(code: ReasonCode, **args: object) -> dict[str, object]:
    """The columns of a reason."""
    return {"reason_code": code, "reason_args": coded(code, **args).args}


def attempt(number: int, state: str = "failed", **values: Any) -> dict[str, Any]:
    times = {"started_at": DUE, "finished_at": DUE + timedelta(seconds=1), "lateness_ms": 4.0}
    return {"attempt": number, "state": state, **times, **values}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"state": "scheduled", "attempt": 0}, "It waits until it is due."),
        (
            {"state": "claimed", "attempt": 0, "worker": "w-1"},
            "Worker w-1 holds it until it is due.",
        ),
        ({"state": "running", "worker": "w-1", "started_at": None}, "Worker w-1 is starting it."),
        ({"state": "running", "worker": "w-1", "started_at": DUE}, "It is running on w-1."),
        (
            {"state": "scheduled", **why(ReasonCode.EXIT_CODE, exit_code=3)},
            "Attempt 1 of 4 did not succeed: exit code 3. It will be tried again.",
        ),
        ({"state": "failed", "exit_code": 3}, "It failed: exit code 3."),
        (
            {"state": "failed", "exit_code": 3, "left_behind": 1},
            "It failed: exit code 3. It left 1 process running, which was ended.",
        ),
        (
            {"state": "succeeded", "left_behind": 2},
            "It succeeded. It left 2 processes running, which were ended.",
        ),
        (
            {"state": "failed", "signal": 9, "attempt": 4},
            "It failed: killed by SIGKILL. 4 attempts were made.",
        ),
        (
            {"state": "skipped", "attempt": 0, **why(ReasonCode.OTHER_RUN, run_id="7")},
            "It was skipped: run 7 of the same task was not finished.",
        ),
        (
            {"state": "missed", "attempt": 0, **why(ReasonCode.NOT_PLANNED)},
            "It was not started in time: no coordinator planned it in time.",
        ),
        ({"state": "cancelled", **why(ReasonCode.CANCELLED)}, "It was cancelled."),
        (
            {"state": "cancelled", **why(ReasonCode.CANCELLED, when="running")},
            "It was cancelled while it ran.",
        ),
        (
            {"state": "cancelled", **why(ReasonCode.DELETED)},
            "It was cancelled: its task was deleted.",
        ),
    ],
)
def test_a_sentence_says_where_a_run_stands(values: dict[str, Any], message: str) -> None:
    assert sentence(run(**values)) == message


def test_a_reason_is_shown_rather_than_a_number() -> None:
    timed_out = run(state="failed", exit_code=1, **why(ReasonCode.TIMEOUT, seconds=3))
    assert ending(timed_out) == "timed out after 3 s"
    assert ending(run(state="succeeded", exit_code=0)) == "exit code 0"
    assert ending(run(state="running")) == ""


def test_the_timeline_goes_from_the_due_time_to_the_end() -> None:
    ended = run(state="succeeded", finished_at=DUE + timedelta(seconds=1))
    steps = timeline(ended, [attempt(1, "succeeded")])
    assert [(step.what, step.mark) for step in steps] == [
        ("Due", "done"),
        ("Started attempt 1", "done"),
        ("Succeeded", "done"),
    ]
    assert [step.aside for step in steps] == ["", "+4.0 ms after it was due", "after 1 s"]


def test_the_timeline_of_a_run_that_waits_for_a_retry_ends_with_the_next_attempt() -> None:
    again = DUE + timedelta(seconds=10)
    steps = timeline(run(state="scheduled", due_at=again), [attempt(1)])
    assert (steps[-1].what, steps[-1].at) == ("Attempt 2 due", again)


def test_a_run_that_never_started_shows_its_end_alone() -> None:
    steps = timeline(run(state="missed", attempt=0, finished_at=DUE), [])
    assert [step.what for step in steps] == ["Due", "Missed"]


def test_many_attempts_are_summed_up() -> None:
    attempts = [attempt(number) for number in range(1, 21)]
    steps = timeline(run(state="failed", attempt=20, max_attempts=20), attempts)
    assert steps[1].what == f"{20 - MOST_ATTEMPTS} earlier attempts"
    assert len(steps) == 2 + 2 * MOST_ATTEMPTS
