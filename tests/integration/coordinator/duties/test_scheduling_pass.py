"""A pass: planned and dispatched batch by batch, one pass at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DataError

from punctual.messaging.broker import Broker
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.planner import Planner, PlanResult
from punctual_coordinator.duties.scheduling_pass import PassResult, SchedulingPass
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs
from tests.support.eventually import eventually
from tests.support.rows import database_now, new_task, new_team


class Slow(Planner):
    """A planner that waits for a word before each batch, and notes how many plan at once."""

    at_work = 0
    most = 0
    begun = threading.Semaphore(0)
    go_on = threading.Semaphore(0)

    def run_once(self, *, now: datetime | None = None, by_team: bool = False) -> PlanResult:
        Slow.at_work += 1
        Slow.most = max(Slow.most, Slow.at_work)
        self.begun.release()
        assert self.go_on.acquire(timeout=20)
        Slow.at_work -= 1
        return super().run_once(now=now, by_team=by_team)


@pytest.fixture
def dispatcher(engine: Engine, redis_url: str, namespace: str) -> Dispatcher:
    """A dispatcher on the test's servers."""
    return Dispatcher(engine, Broker(redis_url, namespace=namespace), window=WINDOW)


def due_tasks(engine: Engine, count: int) -> None:
    """`count` tasks that are due now, once."""
    now, team = database_now(engine), new_team(engine)
    for _ in range(count):
        new_task(engine, team_id=team, schedule={"at": now.isoformat()}, next_due_at=now)


def all_are_queued(engine: Engine, count: int) -> bool:
    """Whether there are `count` runs, and each is queued."""
    return [run.state for run in all_runs(engine)] == ["queued"] * count


def test_it_goes_on_until_nothing_due_is_left(engine: Engine, dispatcher: Dispatcher) -> None:
    due_tasks(engine, 5)
    due = SchedulingPass(Planner(engine, window=WINDOW, batch=2), dispatcher, threading.Event())
    assert due.run_once() == PassResult(planned=5, queued=5, published=5)
    assert due.run_once() == PassResult()


def test_a_stop_ends_it_after_the_current_batch(engine: Engine, dispatcher: Dispatcher) -> None:
    due_tasks(engine, 5)
    stop = threading.Event()
    stop.set()
    due = SchedulingPass(Planner(engine, window=WINDOW, batch=2), dispatcher, stop)
    assert due.run_once() == PassResult(planned=2, queued=2, published=2)
    assert len(all_runs(engine)) == 2


def test_cycle_sweep_and_wake_up_take_turns(engine: Engine, dispatcher: Dispatcher) -> None:
    due = SchedulingPass(Slow(engine, window=WINDOW), dispatcher, threading.Event())
    with ThreadPoolExecutor(3) as pool:
        passes = [pool.submit(due.run_once) for _ in range(3)]
        for _ in passes:
            assert Slow.begun.acquire(timeout=20)
            Slow.go_on.release()
        for each in passes:
            each.result(20)
    assert Slow.most == 1


def test_one_batch_is_dispatched_while_the_next_is_planned(
    engine: Engine, dispatcher: Dispatcher
) -> None:
    due_tasks(engine, 5)
    due = SchedulingPass(Slow(engine, window=WINDOW, batch=2), dispatcher, threading.Event())
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(due.run_once)
        for planned in (0, 2, 4):
            assert Slow.begun.acquire(timeout=20)
            eventually(partial(all_are_queued, engine, planned))
            Slow.go_on.release()
        assert done.result(20) == PassResult(planned=5, queued=5, published=5)


def test_a_failure_of_the_concurrent_dispatch_ends_the_pass(
    engine: Engine, redis_url: str, namespace: str
) -> None:
    due_tasks(engine, 5)
    broker = Broker(redis_url, namespace=namespace)
    dispatcher = Dispatcher(engine, broker, window=timedelta.max)  # more than PostgreSQL takes
    due = SchedulingPass(Planner(engine, window=WINDOW, batch=2), dispatcher, threading.Event())
    with pytest.raises(DataError):
        due.run_once()
    assert len(all_runs(engine)) in (2, 4)
