"""What became of an attempt, by what the runner reports of its end."""

import pytest

from punctual_worker.agent.outcome import CANCELLED, LEASE, SHUTDOWN, was_unlaunched
from punctual_worker.agent.runner_messages import EndedEvent


def ended(*, started_ns: int | None, stopped: str | None, error: str | None = None) -> EndedEvent:
    return EndedEvent(
        key="run:1",
        started_ns=started_ns,
        ended_ns=2,
        exit_code=None,
        signal=None,
        stopped=stopped,
        error=error,
        limit=None,
        permanent=False,
        left_behind=0,
        output_bytes=0,
        truncated=False,
        gap_at=None,
        segments=(),
        output=b"",
    )


@pytest.mark.parametrize("stopped", [LEASE, SHUTDOWN])
def test_what_a_worker_calls_off_before_its_launch_was_not_launched(stopped: str) -> None:
    assert was_unlaunched(ended(started_ns=None, stopped=stopped))
    assert not was_unlaunched(ended(started_ns=1, stopped=stopped))


def test_a_cancel_and_a_failed_start_are_ends_of_the_attempt() -> None:
    assert not was_unlaunched(ended(started_ns=None, stopped=CANCELLED))
    assert not was_unlaunched(ended(started_ns=None, stopped=None, error="cannot start: why"))
