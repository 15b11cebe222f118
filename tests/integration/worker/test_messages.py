"""How a worker learns of a run: by a message, and without one when that is lost."""

from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, publish
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, dispatch_all, new_run, new_task, run_row


def test_a_doubled_and_an_old_message_start_nothing(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    first = new_run(engine, new_task(engine, command="echo one"))
    messages = [(run.run_id, run.fence) for run in dispatch_all(engine)]
    broker.publish(messages)
    broker.publish(messages)
    ended(engine, first)
    broker.publish(messages)  # as old as a message can be: its run is final
    second = new_run(engine, new_task(engine, command="echo two"))
    publish(engine, broker)
    ended(engine, second)
    assert [attempt.attempt for attempt in attempts_of(engine, first)] == [1]


def test_a_run_whose_message_was_lost_is_pulled(engine: Engine, start_worker: StartWorker) -> None:
    start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine))
    dispatch_all(engine)  # without publishing it
    assert ended(engine, run_id).state == "succeeded"


def test_without_redis_runs_still_start(engine: Engine, start_worker: StartWorker) -> None:
    start_worker(heartbeat_seconds=0.5, redis_url="redis://127.0.0.1:1/0")
    run_id = new_run(engine, new_task(engine))
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded"


def test_a_full_worker_leaves_messages_to_one_with_a_free_slot(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker("full", slots=1, heartbeat_seconds=2, drain_seconds=0.1)
    long = new_run(engine, new_task(engine, command="sleep 100"))
    publish(engine, broker)
    eventually(lambda: run_row(engine, long).state == "running")
    start_worker("free", slots=8, heartbeat_seconds=2)
    seen = text(
        "SELECT f.heartbeat_at > g.started_at FROM workers f, workers g "
        "WHERE f.name = 'full' AND g.name = 'free'"
    )
    with engine.connect() as connection:
        eventually(lambda: connection.execute(seen).scalar_one())
    for _ in range(12):
        run_id = new_run(engine, new_task(engine))
        publish(engine, broker)
        run = ended(engine, run_id)
        assert (run.worker, run.fence) == ("free", 1)  # claimed once, and not passed on


def test_a_worker_of_two_queues_claims_from_both_and_leaves_the_others_alone(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(queues="cpu,gpu")
    cpu, gpu = (
        new_run(engine, new_task(engine, queue=queue), due_in=1) for queue in ("cpu", "gpu")
    )
    plain = new_run(engine, new_task(engine), due_in=1)
    for run in dispatch_all(engine):
        broker.publish([(run.run_id, run.fence)], queue=run.queue)
    assert {ended(engine, cpu).state, ended(engine, gpu).state} == {"succeeded"}
    assert run_row(engine, plain).state == "queued"
