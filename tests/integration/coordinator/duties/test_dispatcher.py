"""The dispatcher: rows first, messages second, and Redis may be away."""

import socket
from collections.abc import Sequence
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from punctual.domain.runs.queue import DEFAULT_QUEUE
from punctual.messaging.broker import Broker
from punctual.messaging.hints import Pair
from punctual_coordinator.duties.dispatcher import Dispatcher, DispatchResult
from punctual_coordinator.duties.redispatcher import Redispatcher
from punctual_devstack.ports import free_port
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, flat, published
from tests.support.rows import database_now, new_run, new_task, run_row
from tests.support.steps import claim_run, new_worker


@pytest.fixture
def broker(redis_url: str, namespace: str) -> Broker:
    """A broker on the test's Redis."""
    return Broker(redis_url, namespace=namespace)


def redis_errors() -> float:
    """How many errors of Redis were counted so far."""
    return REGISTRY.get_sample_value("punctual_redis_errors_total") or 0


def test_a_due_run_is_queued_and_its_message_names_it_with_its_fence(
    engine: Engine, broker: Broker, redis_url: str, namespace: str
) -> None:
    run = new_run(engine, new_task(engine), due_in=10)
    report = Dispatcher(engine, broker, window=WINDOW).run_once()
    assert report == DispatchResult(runs=1, published=1)
    row = run_row(engine, run)
    assert row.state == "queued"
    assert published(redis_url, namespace) == [[(run, row.fence)]]


def test_a_run_due_after_the_window_stays_scheduled(engine: Engine, broker: Broker) -> None:
    run = new_run(engine, new_task(engine), due_in=WINDOW.total_seconds() + 5)
    assert Dispatcher(engine, broker, window=WINDOW).run_once() == DispatchResult()
    assert run_row(engine, run).state == "scheduled"


def test_batches_go_on_until_nothing_due_is_left_earliest_first(
    engine: Engine, broker: Broker, redis_url: str, namespace: str
) -> None:
    task = new_task(engine, overlap="allow")
    runs = [new_run(engine, task, due_in=seconds) for seconds in (5, 4, 3, 2, 1)]
    report = Dispatcher(engine, broker, window=WINDOW, batch=2).run_once()
    assert report == DispatchResult(runs=5, published=5)
    assert [pair[0] for pair in flat(published(redis_url, namespace))] == runs[::-1]


def test_every_active_worker_gets_its_share_of_the_messages(
    engine: Engine, broker: Broker, redis_url: str, namespace: str
) -> None:
    new_worker(engine, name="worker-1")
    new_worker(engine, name="worker-2")
    new_worker(engine, name="worker-3", state="draining")
    task = new_task(engine, overlap="allow")
    for seconds in range(4):
        new_run(engine, task, due_in=seconds)
    Dispatcher(engine, broker, window=WINDOW).run_once()
    assert [len(message) for message in published(redis_url, namespace)] == [2, 2]


def test_nothing_is_published_before_its_commit(
    engine: Engine, redis_url: str, namespace: str
) -> None:
    states: list[str] = []

    class Watched(Broker):
        """A broker that notes what another connection sees at the moment of publishing."""

        def publish(
            self, pairs: Sequence[Pair], *, workers: int = 1, queue: str = DEFAULT_QUEUE
        ) -> int:
            states.extend(run_row(engine, run_id).state for run_id, _ in pairs)
            return super().publish(pairs, workers=workers)

    new_run(engine, new_task(engine))
    Dispatcher(engine, Watched(redis_url, namespace=namespace), window=WINDOW).run_once()
    assert states == ["queued"]


def test_without_redis_runs_are_queued_all_the_same_and_it_is_asked_only_once(
    engine: Engine, namespace: str
) -> None:
    no_server = Broker(f"redis://127.0.0.1:{free_port()}/0", namespace=namespace)
    task = new_task(engine, overlap="allow")
    for seconds in range(5):
        new_run(engine, task, due_in=seconds)
    before = redis_errors()
    report = Dispatcher(engine, no_server, window=WINDOW, batch=2).run_once()
    assert report == DispatchResult(runs=5, published=0)
    assert {run.state for run in all_runs(engine)} == {"queued"}
    assert redis_errors() - before == 1


def test_a_redis_that_does_not_answer_is_left_in_peace_for_a_while(
    engine: Engine, namespace: str
) -> None:
    task = new_task(engine, overlap="allow")
    with socket.create_server(("127.0.0.1", 0), backlog=16) as mute:
        port = mute.getsockname()[1]
        broker = Broker(f"redis://127.0.0.1:{port}/0?socket_timeout=2", namespace=namespace)
        dispatcher = Dispatcher(engine, broker, window=WINDOW)
        before = redis_errors()
        for _ in range(2):
            new_run(engine, task)
            assert dispatcher.run_once() == DispatchResult(runs=1, published=0)
    assert redis_errors() - before == 1


def test_unclaimed_runs_are_published_again_under_the_same_fence(
    engine: Engine, broker: Broker, redis_url: str, namespace: str
) -> None:
    run = new_run(engine, new_task(engine))
    now = database_now(engine)
    dispatcher = Dispatcher(engine, broker, window=WINDOW)
    dispatcher.run_once(now=now)
    redispatcher = Redispatcher(dispatcher)
    assert redispatcher.run_once(now=now + timedelta(seconds=4.9)) == DispatchResult()
    published_again = redispatcher.run_once(now=now + timedelta(seconds=5))
    assert published_again == DispatchResult(runs=1, published=1)
    first, second = published(redis_url, namespace)
    assert first == second == [(run, run_row(engine, run).fence)]


def test_publishing_again_becomes_rarer_up_to_once_a_minute(engine: Engine, broker: Broker) -> None:
    run = new_run(engine, new_task(engine))
    at = database_now(engine)
    dispatcher = Dispatcher(engine, broker, window=WINDOW)
    dispatcher.run_once(now=at)
    redispatcher = Redispatcher(dispatcher)
    waits = []
    for _ in range(6):
        next_at = run_row(engine, run).redispatch_at
        waits.append((next_at - at).total_seconds())
        at = next_at
        assert redispatcher.run_once(now=at).runs == 1
    assert waits == [5, 10, 20, 40, 60, 60]


def test_what_a_worker_claimed_is_not_published_again(engine: Engine, broker: Broker) -> None:
    run = new_run(engine, new_task(engine))
    claim_run(engine, run, new_worker(engine))
    later = database_now(engine) + timedelta(minutes=5)
    redispatcher = Redispatcher(Dispatcher(engine, broker, window=WINDOW))
    assert redispatcher.run_once(now=later) == DispatchResult()
