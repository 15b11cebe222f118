"""Several coordinators at once: no leader, and still each due time has one run, queued once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from punctual.store.driver.engine import make_engine
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.planner import Planner
from punctual_coordinator.duties.scheduling_pass import PassResult, SchedulingPass
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, flat, published
from tests.support.rows import database_now, new_task

TASKS = 2000
COORDINATORS = 3

COPIES = text("""
INSERT INTO tasks (id, team_id, name, command, schedule, schedule_anchor, next_due_at,
                   max_retries, retry_delay, retry_delay_max, timeout, env, tags, metadata,
                   overlap, catch_up, priority)
SELECT gen_random_uuid(), team_id, name, command, schedule, schedule_anchor, next_due_at,
       max_retries, retry_delay, retry_delay_max, timeout, env, tags, metadata,
       overlap, catch_up, priority
FROM tasks, generate_series(2, :count)
""")


def test_three_at_once_give_each_of_2000_due_times_one_run_queued_once(
    engine: Engine, database_url: str, redis_url: str, namespace: str
) -> None:
    due = database_now(engine)
    new_task(engine, schedule={"every": 86400}, schedule_anchor=due, next_due_at=due)
    with engine.begin() as connection:
        connection.execute(COPIES, {"count": TASKS})
    deadlocks_before = deadlocks(engine)
    together = threading.Barrier(COORDINATORS)

    def coordinate(_number: int) -> list[PassResult]:
        own = make_engine(database_url, service="test-coordinator")
        planner = Planner(own, window=WINDOW, batch=100)
        broker = Broker(redis_url, namespace=namespace)
        dispatcher = Dispatcher(own, broker, window=WINDOW, batch=100)
        due_pass = SchedulingPass(planner, dispatcher, threading.Event())
        together.wait(10)
        reports = [due_pass.run_once()]
        while reports[-1].planned or reports[-1].queued:
            reports.append(due_pass.run_once())
        own.dispose()
        return reports

    with ThreadPoolExecutor(COORDINATORS) as pool:
        parts = list(pool.map(coordinate, range(COORDINATORS)))

    runs = all_runs(engine)
    assert len(runs) == len({run.task_id for run in runs}) == TASKS
    assert {(run.state, run.dispatches, run.scheduled_for) for run in runs} == {("queued", 1, due)}
    messages = Counter(flat(published(redis_url, namespace)))
    assert messages == Counter((run.id, run.fence) for run in runs)
    assert sum(report.queued for reports in parts for report in reports) == TASKS
    assert sum(any(report.planned for report in reports) for reports in parts) > 1
    assert deadlocks(engine) == deadlocks_before


def deadlocks(engine: Engine) -> int:
    """How many deadlocks the server has broken up in this database so far."""
    statement = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with engine.connect() as connection:
        return int(connection.execute(statement).scalar_one())
