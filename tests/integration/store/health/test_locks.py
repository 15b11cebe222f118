"""Transactions that change the health of the same tasks wait for each other in one order."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from punctual.domain.runs.states import Trigger
from punctual.store.lifecycle.finish import finish
from tests.support.alerts.health import events_of
from tests.support.rows import new_run, new_task
from tests.support.steps import new_worker, report_of, start_run

TASKS, ROUNDS = 6, 8


def test_batches_that_fail_the_same_tasks_in_opposite_orders_do_not_deadlock(
    engine: Engine,
) -> None:
    tasks = [new_task(engine, overlap="allow") for _ in range(TASKS)]

    def fail(worker: uuid.UUID, order: list[uuid.UUID]) -> None:
        runs = [new_run(engine, task, trigger=Trigger.MANUAL) for task in order]
        reports = [report_of(engine, start_run(engine, run, worker), "failed") for run in runs]
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            finish(connection, worker_id=worker, reports=reports)

    with ThreadPoolExecutor(2) as pool:
        workers = [new_worker(engine, name=name) for name in ("worker-1", "worker-2")]
        orders = [tasks, tasks[::-1]]
        for _ in range(ROUNDS):
            list(pool.map(fail, workers, orders))
    for task in tasks:
        assert [event.details["in_row"] for event in events_of(engine, task)] == [
            *range(1, 2 * ROUNDS + 1)
        ]
