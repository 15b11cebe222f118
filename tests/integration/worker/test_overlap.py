"""Runs of one task that come due while an earlier one has not ended."""

from sqlalchemy import Engine

from punctual.domain.runs.states import Trigger
from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row


def test_overlap_skip_is_decided_when_it_is_due(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    task_id = new_task(engine, command="sleep 2")
    first, second = new_run(engine, task_id), new_run(engine, task_id, due_in=1)
    publish(engine, broker)
    skipped = ended(engine, second)
    assert skipped.state == "skipped"
    assert str(first) in skipped.reason
    assert ended(engine, first).state == "succeeded"


def test_a_run_that_replaces_starts_when_the_one_before_was_killed(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(drain_seconds=1)
    task = new_task(engine, command="sleep 60", overlap="replace")
    first = new_run(engine, task)
    publish(engine, broker)
    eventually(lambda: run_row(engine, first).state == "running")
    second = new_run(engine, task)
    publish(engine, broker)
    row = ended(engine, first)
    assert (row.state, row.reason) == ("cancelled", f"replaced by run {second}")
    eventually(lambda: run_row(engine, second).state == "running")


def test_a_run_that_arrives_after_the_start_of_a_newer_one_never_runs(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    task = new_task(engine, command="sleep 1", overlap="replace")
    newest = new_run(engine, task, trigger=Trigger.MANUAL)
    publish(engine, broker)
    eventually(lambda: run_row(engine, newest).state == "running")
    earlier = new_run(engine, task, due_in=-5, trigger=Trigger.MANUAL)
    publish(engine, broker)
    row = ended(engine, earlier)
    assert (row.state, row.reason, row.attempt) == ("cancelled", f"replaced by run {newest}", 0)
    assert ended(engine, newest).state == "succeeded"
