"""What this worker has started, and the cancels that come before their START was answered."""

import uuid
from datetime import UTC, datetime

from punctual.store.lifecycle.start import StartedAttempt
from punctual_worker.agent.attempts.active_attempts import ActiveAttempts

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def started(run_id: uuid.UUID) -> StartedAttempt:
    return StartedAttempt(run_id, 3, uuid.uuid4(), 1, NOW, NOW, "manual", None, {"timeout": 60})


def test_a_cancel_finds_the_attempts_of_its_run() -> None:
    running, run_id = ActiveAttempts(), uuid.uuid4()
    attempt = running.add(started(run_id))
    running.add(started(uuid.uuid4()))
    assert running.cancel(run_id) == [attempt]


def test_a_cancel_that_came_before_the_start_was_answered_is_remembered() -> None:
    running, run_id = ActiveAttempts(), uuid.uuid4()
    assert running.cancel(run_id) == []
    running.add(started(run_id))
    assert running.was_cancelled(run_id)
    assert not running.was_cancelled(uuid.uuid4())


def test_it_is_empty_when_the_last_end_is_recorded() -> None:
    running = ActiveAttempts()
    attempt = running.add(started(uuid.uuid4()))
    assert not running.wait_empty(0)
    running.remove(attempt.key)
    assert running.wait_empty(0)
