"""What became of an attempt, by what the runner reports of its end."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from punctual.domain.runs.retry import RetryRule
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt
from punctual_worker.agent.attempts.outcome import (
    CANCELLED,
    LEASE,
    SHUTDOWN,
    report_of,
    was_unlaunched,
)
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.runner_link.messages import EndedEvent


def ended(*, started_ns: int | None = 1, stopped: str | None = None, **more: Any) -> EndedEvent:
    end: dict[str, Any] = {
        "key": "run:1",
        "started_ns": started_ns,
        "ended_ns": 2,
        "exit_code": None,
        "signal": None,
        "stopped": stopped,
        "error": None,
        "limit": None,
        "permanent": False,
        "left_behind": 0,
        "output_bytes": 0,
        "truncated": False,
        "gap_at": None,
        "segments": (),
        "output": b"",
    }
    return EndedEvent(**(end | more))


@pytest.mark.parametrize("stopped", [LEASE, SHUTDOWN])
def test_what_a_worker_calls_off_before_its_launch_was_not_launched(stopped: str) -> None:
    assert was_unlaunched(ended(started_ns=None, stopped=stopped))
    assert not was_unlaunched(ended(started_ns=1, stopped=stopped))


def test_a_cancel_and_a_failed_start_are_ends_of_the_attempt() -> None:
    assert not was_unlaunched(ended(started_ns=None, stopped=CANCELLED))
    assert not was_unlaunched(ended(started_ns=None, stopped=None, error="cannot start: why"))


def attempt(**more: Any) -> ActiveAttempt:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    return ActiveAttempt("run:1", uuid.uuid4(), fence=1, attempt=1, due_at=due, timeout=3.0, **more)


ENDS: list[tuple[dict[str, Any], str, str | None, dict[str, Any]]] = [
    ({"exit_code": 0}, "succeeded", None, {}),
    ({"exit_code": 3}, "failed", "exit_code", {"exit_code": 3}),
    ({"signal": 9}, "failed", "signal", {"signal": 9}),
    ({"stopped": "timeout", "signal": 15}, "timed_out", "timeout", {"seconds": 3.0}),
    ({"stopped": CANCELLED}, "cancelled", "cancelled", {"when": "running"}),
    ({"stopped": SHUTDOWN}, "lost", "shut_down", {}),
    ({"stopped": LEASE}, "lost", "lease_lost", {}),
    (
        {"stopped": "limit", "limit": ("processes", 5), "signal": 9},
        "failed",
        "resource_limit",
        {"limit": "processes", "most": 5},
    ),
    (
        {"limit": ("file_bytes", 100), "exit_code": 153},
        "failed",
        "resource_limit",
        {"limit": "file_bytes", "most": 100, "exit_code": 153},
    ),
    (
        {"started_ns": None, "error": "no\0 room"},
        "failed",
        "could_not_start",
        {"error": "no room"},
    ),
    ({"error": "stuck"}, "failed", "could_not_end", {"error": "stuck"}),
]


@pytest.mark.parametrize(("end", "outcome", "code", "args"), ENDS)
def test_each_end_of_an_attempt_has_its_code_and_arguments(
    end: dict[str, Any], outcome: str, code: str | None, args: dict[str, Any]
) -> None:
    report = report_of(attempt(), ended(**end), DatabaseClock())
    assert report.outcome == outcome
    reason = report.reason
    assert (reason and reason.code) == code
    assert (reason.args if reason else {}) == args


def test_a_request_that_failed_has_its_last_words_for_a_message() -> None:
    text = b"first line\nanswered 503\n"
    end = ended(exit_code=22, output=text, segments=((2, len(text)),))
    report = report_of(attempt(explains_failure=True), end, DatabaseClock())
    assert report.reason is not None
    assert report.reason.args == {"message": "answered 503", "exit_code": 22}


def test_why_there_is_no_retry_is_a_rule_with_its_exit_codes() -> None:
    only = attempt(rule=RetryRule(only_on=(75,)))
    report = report_of(only, ended(exit_code=1), DatabaseClock())
    assert report.no_retry == {"rule": "retry_on", "exit_codes": [75]}
    unstartable = ended(started_ns=None, error="no such file", permanent=True)
    assert report_of(attempt(), unstartable, DatabaseClock()).no_retry == {"rule": "same_again"}
