"""What a worker claims of what a message names."""

from datetime import timedelta

from sqlalchemy import Engine

from punctual.store.workers import register
from punctual_worker.claimer import Claimer
from punctual_worker.intake import Intake
from tests.support.rows import dispatch_all, new_run, new_task, run_row


def test_a_message_that_comes_before_the_first_pull_is_heeded(engine: Engine) -> None:
    run_id = new_run(engine, new_task(engine), due_in=20)
    with engine.begin() as connection:
        worker_id = register(connection, name="worker-1", host="here", pid=1, slots=2)
    claimer = Claimer(
        engine,
        Intake(slots=2, lead=timedelta(milliseconds=330)),
        worker_id=worker_id,
        pull_ahead=timedelta(seconds=3),
        room_elsewhere=lambda: 0,
    )
    claimer.on_message([(queued.run_id, queued.fence) for queued in dispatch_all(engine)])
    claimed = run_row(engine, run_id)
    assert (claimed.state, claimed.worker_id) == ("claimed", worker_id)
