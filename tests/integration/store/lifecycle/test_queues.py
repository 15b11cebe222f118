"""Queues: a run goes to the workers that serve its queue, and to no others."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.domain.wording import clause
from punctual.store.lifecycle.claim import claim, pull
from punctual.store.lifecycle.dispatch import mark_missed, redispatch
from punctual.store.processes.workers import beat, count_active
from punctual.store.runs.blocked_by import waits_for
from punctual.store.schema.models import Run, Task
from punctual.store.tasks.changes import change_task
from tests.support.rows import dispatch_all, new_run, new_task, run_row
from tests.support.steps import change_run, claim_run, new_worker, queue_run, start_claims

AHEAD = timedelta(seconds=6)


def pulled(engine: Engine, worker: uuid.UUID) -> list[uuid.UUID]:
    with engine.begin() as connection:
        return [got.run_id for got in pull(connection, worker_id=worker, room=9, ahead=AHEAD)]


def move(engine: Engine, task_id: uuid.UUID, queue: str) -> None:
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id, with_for_update=True)
        change_task(session, task, {"queue": queue}, now=datetime.now(UTC))


def waiting_reason(engine: Engine, run_id: uuid.UUID) -> str | None:
    with Session(engine) as session:
        found = waits_for(session, session.get_one(Run, run_id))
    return None if found is None else clause(found)


def test_a_worker_pulls_only_runs_of_its_queues(engine: Engine) -> None:
    plain, gpu = new_run(engine, new_task(engine)), new_run(engine, new_task(engine, queue="gpu"))
    dispatch_all(engine)
    assert pulled(engine, new_worker(engine, queues=["cpu"])) == []
    assert pulled(engine, new_worker(engine)) == [plain]
    assert pulled(engine, new_worker(engine, queues=["cpu", "gpu"])) == [gpu]


def test_a_message_that_reached_the_wrong_worker_is_no_claim(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, queue="gpu"))
    fence = queue_run(engine, run)
    with engine.begin() as connection:
        assert claim(connection, worker_id=worker, messages=[(run, fence)], room=9) == []
    assert run_row(engine, run).state == "queued"


def test_dispatch_says_for_whom_and_workers_are_counted_by_queue(engine: Engine) -> None:
    new_run(engine, new_task(engine, queue="gpu"))
    assert [queued.queue for queued in dispatch_all(engine)] == ["gpu"]
    new_worker(engine, queues=["default", "gpu"])
    new_worker(engine, queues=["gpu"])
    new_worker(engine, queues=["gpu"], state="draining")
    with engine.begin() as connection:
        assert count_active(connection) == {"default": 1, "gpu": 2}
        again = redispatch(connection, batch_size=9, now=datetime.now(UTC) + timedelta(minutes=1))
    assert [queued.queue for queued in again] == ["gpu"]


def test_room_elsewhere_is_room_for_the_same_queues(engine: Engine) -> None:
    worker = new_worker(engine, queues=["gpu"])
    new_worker(engine, queues=["default"])
    new_worker(engine, queues=["cpu", "gpu"])
    with engine.begin() as connection:
        answer = beat(connection, worker_id=worker, room=3)
    assert answer is not None
    assert answer.room_elsewhere == 16


def test_an_edit_takes_a_claimed_run_back_from_a_worker_of_the_old_queue(engine: Engine) -> None:
    now = datetime.now(UTC)
    task = new_task(engine, schedule={"at": "2030-01-01T00:00:00Z"}, schedule_anchor=now)
    run = new_run(engine, task)
    change_run(engine, run, scheduled_for=datetime(2030, 1, 1, tzinfo=UTC))
    old, new = new_worker(engine), new_worker(engine, queues=["gpu"])
    claimed = claim_run(engine, run, old)
    move(engine, task, "gpu")
    row = run_row(engine, run)
    assert (row.state, row.queue, row.worker_id) == ("scheduled", "gpu", None)
    assert start_claims(engine, old, (run, claimed.fence)) == []
    claim_run(engine, run, new)
    move(engine, task, "gpu")
    assert (run_row(engine, run).state, run_row(engine, run).worker_id) == ("claimed", new)


def test_an_edit_has_a_queued_run_published_to_the_new_queue_at_once(engine: Engine) -> None:
    now = datetime.now(UTC)
    task = new_task(engine, schedule={"at": "2030-01-01T00:00:00Z"}, schedule_anchor=now)
    run = new_run(engine, task)
    change_run(engine, run, scheduled_for=datetime(2030, 1, 1, tzinfo=UTC))
    queue_run(engine, run)
    move(engine, task, "gpu")
    with engine.begin() as connection:
        assert [queued.queue for queued in redispatch(connection, batch_size=9)] == ["gpu"]


def test_a_run_whose_queue_no_worker_serves_says_so(engine: Engine) -> None:
    run = new_run(engine, new_task(engine, queue="gpu"))
    new_worker(engine)
    assert waiting_reason(engine, run) == "no worker serves queue gpu"
    new_worker(engine, queues=["gpu"])
    assert waiting_reason(engine, run) is None


def test_a_run_that_no_worker_served_in_time_names_its_queue(engine: Engine) -> None:
    run = new_run(engine, new_task(engine, queue="gpu", start_deadline=1))
    queue_run(engine, run)
    with engine.begin() as connection:
        mark_missed(connection, batch_size=9, now=datetime.now(UTC) + timedelta(minutes=1))
    reason = run_row(engine, run).reason
    assert reason == "start deadline passed: no worker serves queue gpu"
