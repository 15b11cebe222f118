"""What a running attempt has written, as its worker tells it."""

import uuid

import pytest
from sqlalchemy import Engine

from punctual.store.live_output import ask_for_output, keep_live_output, output_is_pending
from punctual.store.start import Started
from tests.support.rows import new_run, new_task
from tests.support.steps import finish_run, new_worker, start_run


@pytest.fixture
def worker_id(engine: Engine) -> uuid.UUID:
    return new_worker(engine)


@pytest.fixture
def started(engine: Engine, worker_id: uuid.UUID) -> Started:
    return start_run(engine, new_run(engine, new_task(engine)), worker_id)


def keep(engine: Engine, run: Started, *, worker_id: uuid.UUID, fence: int | None = None) -> bool:
    with engine.begin() as connection:
        return keep_live_output(
            connection,
            worker_id=worker_id,
            run_id=run.run_id,
            fence=run.fence if fence is None else fence,
            data=b"\0one",
            segments=[4],
            head_bytes=4,
            output_bytes=4,
        )


def test_only_its_own_worker_tells_of_an_attempt_and_only_while_it_runs(
    engine: Engine, worker_id: uuid.UUID, started: Started
) -> None:
    assert not keep(engine, started, worker_id=new_worker(engine, name="another"))
    assert not keep(engine, started, worker_id=worker_id, fence=started.fence - 1)
    assert keep(engine, started, worker_id=worker_id)
    finish_run(engine, started, worker_id, "succeeded")
    assert not keep(engine, started, worker_id=worker_id)


def test_fresh_output_is_not_asked_for_again(
    engine: Engine, worker_id: uuid.UUID, started: Started
) -> None:
    with engine.begin() as connection:
        asked_at = ask_for_output(connection, run_id=started.run_id)
    assert asked_at is not None
    with engine.connect() as connection:
        assert output_is_pending(connection, run_id=started.run_id, asked_at=asked_at)
    keep(engine, started, worker_id=worker_id)
    with engine.begin() as connection:
        assert not output_is_pending(connection, run_id=started.run_id, asked_at=asked_at)
        assert ask_for_output(connection, run_id=started.run_id) is None


def test_nobody_is_asked_about_a_run_that_is_not_running(engine: Engine) -> None:
    with engine.begin() as connection:
        assert ask_for_output(connection, run_id=new_run(engine, new_task(engine))) is None
