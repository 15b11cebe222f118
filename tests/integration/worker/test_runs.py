"""A worker runs what it is assigned: on time, once, and with its end written down."""

import signal
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from punctual.domain.runs.states import FINAL, Trigger
from punctual.messaging.broker import Broker
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.dispatch import Queued
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, dispatch_all, new_run, new_task, new_user, run_row


@pytest.fixture
def broker(redis_url: str, namespace: str) -> Broker:
    return Broker(redis_url, namespace=namespace)


def publish(broker: Broker, queued: Sequence[Queued]) -> None:
    broker.publish([(run.run_id, run.fence) for run in queued])


def ended(engine: Engine, run_id: uuid.UUID) -> Row[tuple[object, ...]]:
    def final() -> Row[tuple[object, ...]] | None:
        row = run_row(engine, run_id)
        return row if row.state in FINAL else None

    row = eventually(final, within=20)
    assert row is not None
    return row


def test_a_run_starts_on_its_instant_and_its_output_is_kept(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    run_id = new_run(engine, new_task(engine, command="printf 'hi\\000'; echo no >&2"), due_in=1)
    publish(broker, dispatch_all(engine))
    run = ended(engine, run_id)
    assert (run.state, run.exit_code, run.attempt) == ("succeeded", 0, 1)
    assert run.started_at >= run.due_at
    assert run.lateness_ms >= 0
    assert run.finished_at >= run.started_at
    with engine.connect() as connection:
        output = connection.execute(text("SELECT data, segments FROM outputs")).one()
    assert bytes(output.data) == b"hi\0no\n"
    assert output.segments == [3, -3]


def test_a_doubled_and_an_old_message_start_nothing(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    first = new_run(engine, new_task(engine, command="echo one"))
    queued = dispatch_all(engine)
    publish(broker, queued)
    publish(broker, queued)
    ended(engine, first)
    publish(broker, queued)  # as old as a message can be: its run is final
    second = new_run(engine, new_task(engine, command="echo two"))
    publish(broker, dispatch_all(engine))
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


def test_more_runs_than_slots_all_run(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(slots=2)
    owner_id = new_user(engine)
    runs = [new_run(engine, new_task(engine, owner_id=owner_id)) for _ in range(15)]
    publish(broker, dispatch_all(engine))
    assert {ended(engine, run_id).state for run_id in runs} == {"succeeded"}


def test_a_full_worker_leaves_messages_to_one_with_a_free_slot(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker("full", slots=1, heartbeat_seconds=2, drain_seconds=0.1)
    long = new_run(engine, new_task(engine, command="sleep 100"))
    publish(broker, dispatch_all(engine))
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
        publish(broker, dispatch_all(engine))
        run = ended(engine, run_id)
        assert (run.worker, run.fence) == ("free", 1)  # claimed once, and not passed on


def test_the_reason_says_how_it_ended(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(kill_grace_seconds=0.2)
    stories: list[tuple[str, dict[str, Any], tuple[object, ...]]] = [
        ("exit 3", {}, ("failed", 3, None, "exit code 3")),
        ("kill -9 $$", {}, ("failed", None, 9, "killed by SIGKILL")),
        (
            "trap '' TERM; while :; do sleep 1; done",
            {"timeout": 0.3},
            ("timed_out", None, 9, "timed out after 0.3 s"),
        ),
        (
            "true",
            {"working_dir": "/no/such/place"},
            ("failed", None, None, "working directory '/no/such/place': No such file or directory"),
        ),
    ]
    ends = {
        new_run(engine, new_task(engine, command=command, **more)): expected
        for command, more, expected in stories
    }
    publish(broker, dispatch_all(engine))
    found = {run_id: ended(engine, run_id) for run_id in ends}
    outcomes = {
        id_: (run.state, run.exit_code, run.signal, run.reason) for id_, run in found.items()
    }
    assert outcomes == ends


def test_a_cancelled_run_is_killed_at_once(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(heartbeat_seconds=9)  # so that only the wake-up can be the reason
    owner_id = new_user(engine)
    run_id = new_run(engine, new_task(engine, owner_id=owner_id, command="sleep 100"))
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, run_id).started_at is not None)
    with engine.begin() as connection:
        assert cancel_run(connection, run_id=run_id, owner_id=owner_id) == "requested"
    run = ended(engine, run_id)
    assert (run.state, run.reason) == ("cancelled", "cancelled while it ran")
    assert run.finished_at - run.cancel_requested_at < timedelta(seconds=8)


def test_sigterm_gives_back_what_is_held_and_lets_running_end(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    running = new_run(engine, new_task(engine, command="sleep 1.5; echo done"))
    held = new_run(engine, new_task(engine), due_in=20)
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, held).state == "claimed")
    eventually(lambda: run_row(engine, running).state == "running")
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    assert run_row(engine, running).state == "succeeded"
    given_back = run_row(engine, held)
    assert (given_back.state, given_back.attempt, given_back.fence) == ("scheduled", 0, 2)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM workers")).scalar_one() == "gone"


def test_what_outlasts_the_drain_is_killed_and_tried_again(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(drain_seconds=0.1)
    run_id = new_run(engine, new_task(engine, command="sleep 100", max_retries=1))
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, run_id).state == "running")
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    run = run_row(engine, run_id)
    assert (run.state, run.attempt) == ("scheduled", 1)
    assert [attempt.state for attempt in attempts_of(engine, run_id)] == ["lost"]


def test_overlap_skip_is_decided_when_it_is_due(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    task_id = new_task(engine, command="sleep 2")
    first, second = new_run(engine, task_id), new_run(engine, task_id, due_in=1)
    publish(broker, dispatch_all(engine))
    skipped = ended(engine, second)
    assert skipped.state == "skipped"
    assert str(first) in skipped.reason
    assert ended(engine, first).state == "succeeded"


def test_a_buried_worker_kills_what_it_runs_and_leaves(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, command="sleep 100"))
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, run_id).state == "running")
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET state = 'gone', gone_at = now()"))
    assert worker.end() == 1
    assert "BuriedError" in worker.log.read_text()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"PUNCTUAL_SLOTS": "many"}, "PUNCTUAL_SLOTS must be a number"),
        ({"PUNCTUAL_ON_LEASE_LOSS": "shrug"}, "PUNCTUAL_ON_LEASE_LOSS must be kill or keep"),
        ({"PUNCTUAL_COMMAND_USER": "0"}, "PUNCTUAL_COMMAND_USER must not be 0"),
        ({"PUNCTUAL_USER": "root"}, "PUNCTUAL_USER must not be root"),
        ({"PUNCTUAL_REDIS_URL": ""}, "PUNCTUAL_REDIS_URL is not set"),
        ({"PUNCTUAL_DATABASE_URL": "nowhere"}, "PUNCTUAL_DATABASE_URL is not the URL"),
        ({"PUNCTUAL_SELF_FENCE_SECONDS": "40"}, "PUNCTUAL_SELF_FENCE_SECONDS must be"),
    ],
)
def test_a_worker_with_a_bad_setting_says_which_and_does_not_start(
    setting: dict[str, str], said: str, tmp_path: Path
) -> None:
    environ = {
        "PUNCTUAL_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "PUNCTUAL_REDIS_URL": "redis://127.0.0.1:1/0",
        **setting,
    }
    worker = WorkerProcess(environ, tmp_path / "worker.log")
    assert worker.end() == 2
    assert said in worker.log.read_text()


def test_a_worker_without_a_usable_work_directory_says_so_and_takes_nothing(
    engine: Engine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    run_id = new_run(engine, new_task(engine))
    dispatch_all(engine)
    environ = {
        "PUNCTUAL_DATABASE_URL": database_url,
        "PUNCTUAL_REDIS_URL": redis_url,
        "PUNCTUAL_WORK_DIR": "/dev/null/work",
    }
    worker = WorkerProcess(environ, tmp_path / "worker.log")
    assert worker.end() in (1, 2)  # 2 where root would make it for the user of commands
    assert "/dev/null/work: Not a directory" in worker.log.read_text()
    assert (run_row(engine, run_id).state, run_row(engine, run_id).fence) == ("queued", 0)


def test_a_worker_of_two_queues_hears_of_both_and_leaves_the_others_alone(
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


def test_a_run_that_replaces_starts_when_the_one_before_was_killed(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(drain_seconds=1)
    task = new_task(engine, command="sleep 60", overlap="replace")
    first = new_run(engine, task)
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, first).state == "running")
    second = new_run(engine, task)
    publish(broker, dispatch_all(engine))
    row = ended(engine, first)
    assert (row.state, row.reason) == ("cancelled", f"replaced by run {second}")
    eventually(lambda: run_row(engine, second).state == "running")


def test_a_run_that_arrives_after_the_start_of_a_newer_one_never_runs(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    task = new_task(engine, command="sleep 1", overlap="replace")
    newest = new_run(engine, task, trigger=Trigger.MANUAL)
    publish(broker, dispatch_all(engine))
    eventually(lambda: run_row(engine, newest).state == "running")
    earlier = new_run(engine, task, due_in=-5, trigger=Trigger.MANUAL)
    publish(broker, dispatch_all(engine))
    row = ended(engine, earlier)
    assert (row.state, row.reason, row.attempt) == ("cancelled", f"replaced by run {newest}", 0)
    assert ended(engine, newest).state == "succeeded"
