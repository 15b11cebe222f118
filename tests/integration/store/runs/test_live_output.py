"""What a running attempt has written, as its worker reports it."""

import uuid

import pytest
from sqlalchemy import Engine, text

from punctual.store.lifecycle.reap import bury, reap_running
from punctual.store.lifecycle.start import StartedAttempt
from punctual.store.runs.live_output import output_is_pending, request_output, store_live_output
from tests.support.rows import attempts_of, database_now, new_run, new_task
from tests.support.steps import LEASE, change_run, finish_run, new_worker, silence, start_run


@pytest.fixture
def worker_id(engine: Engine) -> uuid.UUID:
    return new_worker(engine)


@pytest.fixture
def started(engine: Engine, worker_id: uuid.UUID) -> StartedAttempt:
    return start_run(engine, new_run(engine, new_task(engine)), worker_id)


def keep(
    engine: Engine, run: StartedAttempt, *, worker_id: uuid.UUID, fence: int | None = None
) -> bool:
    with engine.begin() as connection:
        return store_live_output(
            connection,
            worker_id=worker_id,
            run_id=run.run_id,
            fence=run.fence if fence is None else fence,
            data=b"\0one",
            segments=[4],
            head_bytes=4,
            output_bytes=4,
        )


def test_only_its_own_worker_reports_output_and_only_while_it_runs(
    engine: Engine, worker_id: uuid.UUID, started: StartedAttempt
) -> None:
    assert not keep(engine, started, worker_id=new_worker(engine, name="another"))
    assert not keep(engine, started, worker_id=worker_id, fence=started.fence - 1)
    assert keep(engine, started, worker_id=worker_id)
    finish_run(engine, started, worker_id, "succeeded")
    assert not keep(engine, started, worker_id=worker_id)


def test_fresh_output_is_not_asked_for_again(
    engine: Engine, worker_id: uuid.UUID, started: StartedAttempt
) -> None:
    with engine.begin() as connection:
        requested_at = request_output(connection, run_id=started.run_id)
    assert requested_at is not None
    with engine.connect() as connection:
        assert output_is_pending(connection, run_id=started.run_id, requested_at=requested_at)
    keep(engine, started, worker_id=worker_id)
    with engine.begin() as connection:
        assert not output_is_pending(connection, run_id=started.run_id, requested_at=requested_at)
        assert request_output(connection, run_id=started.run_id) is None


def test_no_worker_is_asked_about_a_run_that_is_not_running(engine: Engine) -> None:
    with engine.begin() as connection:
        assert request_output(connection, run_id=new_run(engine, new_task(engine))) is None


def outputs(engine: Engine, run: StartedAttempt) -> list[tuple[int, bytes]]:
    with engine.connect() as connection:
        statement = text("SELECT attempt, data FROM outputs WHERE run_id = :id ORDER BY attempt")
        return [
            (row.attempt, bytes(row.data)) for row in connection.execute(statement, {"id": run[0]})
        ]


def lose(engine: Engine, worker_id: uuid.UUID) -> None:
    """Bury the worker and give up what it was running."""
    silence(engine, worker_id, seconds=31)
    with engine.begin() as connection:
        assert bury(connection, lease=LEASE)
        assert reap_running(connection, batch_size=10)


def test_what_was_seen_of_an_attempt_is_kept_with_it_when_its_worker_is_lost(
    engine: Engine, worker_id: uuid.UUID
) -> None:
    task_id = new_task(engine, max_retries=1, overlap="allow")
    seen = start_run(engine, new_run(engine, task_id), worker_id)
    unseen = start_run(engine, new_run(engine, task_id), worker_id)
    keep(engine, seen, worker_id=worker_id)
    lose(engine, worker_id)
    assert outputs(engine, seen) == [(1, b"\0one")]
    [attempt] = attempts_of(engine, seen.run_id)
    assert (attempt.state, attempt.output_bytes, attempt.output_truncated) == ("lost", 4, True)
    assert attempt.reason == (
        "worker worker-1 stopped reporting while it ran; its stored output may be incomplete"
    )
    assert outputs(engine, unseen) == []
    [attempt] = attempts_of(engine, unseen.run_id)
    assert (attempt.output_bytes, attempt.output_truncated) == (0, False)


def test_the_whole_output_replaces_what_was_seen_when_a_worker_was_only_cut_off(
    engine: Engine, worker_id: uuid.UUID, started: StartedAttempt
) -> None:
    keep(engine, started, worker_id=worker_id)
    lose(engine, worker_id)
    fields = {"output": b"\0one and all", "segments": (12,), "head_bytes": 12, "output_bytes": 12}
    for _ in range(2):  # a commit's outcome may be unknown
        assert finish_run(engine, started, worker_id, "succeeded", **fields) == []
        assert outputs(engine, started) == [(1, b"\0one and all")]
        [attempt] = attempts_of(engine, started.run_id)
        assert (attempt.late, attempt.output_bytes, attempt.output_truncated) == (True, 12, False)


def test_what_was_seen_of_an_attempt_that_ended_is_not_taken_for_a_later_one(
    engine: Engine, worker_id: uuid.UUID
) -> None:
    run_id = new_run(engine, new_task(engine, max_retries=1))
    first = start_run(engine, run_id, worker_id)
    keep(engine, first, worker_id=worker_id)
    finish_run(engine, first, worker_id, "failed", output=b"no", segments=(2,), head_bytes=2)
    change_run(engine, run_id, due_at=database_now(engine))
    start_run(engine, run_id, worker_id)
    lose(engine, worker_id)
    assert outputs(engine, first) == [(1, b"no")]
