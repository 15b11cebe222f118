"""Targets 3 and 1 with a full database: what waits must cost nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.planner import Planner
from punctual_coordinator.duties.scheduling_pass import SchedulingPass
from tests.bench.contestants import FLOOR, Contestant, punctual
from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import FULL_DATABASE, add_due, drop_due, fill_tasks
from tests.bench.measures.lateness import EVERY_MS, rows
from tests.bench.racing import lateness, warm_up
from tests.bench.row import OURS, Row

WINDOW = timedelta(seconds=35)


def cost_of_waiting(env: BenchEnv) -> Iterator[Row]:
    """Seconds that plan and dispatch take for what is due, with few and with many waiting."""
    few, many, due = env.size.few, env.size.many, env.size.due
    opened = engine(env.database(FULL_DATABASE))
    took: dict[int, list[float]] = {}
    for waiting in (few, many):
        fill_tasks(opened, waiting)
        took[waiting] = [_cycle(opened, env) for _ in range(env.size.repeats)]
    opened.dispose()
    name = f"cycle with {due:,} due"
    yield Row(
        f"{name}, {few:,} waiting",
        "s",
        {OURS: took[few]},
        "3: under 1 s",
        1.0,
    )
    yield Row(
        f"{name}, {many:,} waiting",
        "s",
        {OURS: took[many], f"{few:,}": took[few]},
        f"3: ≤ 1.3 x with {few:,}",
        1.3,
        against=f"{few:,}",
    )


def _cycle(opened: Engine, env: BenchEnv) -> float:
    add_due(opened, env.size.due)
    broker = Broker(env.redis_url(), namespace="bench")
    stop = threading.Event()
    own = engine(opened.url.render_as_string(False), service="coordinator")
    due = SchedulingPass(Planner(own, window=WINDOW), Dispatcher(own, broker, window=WINDOW), stop)
    began = time.perf_counter()
    done = due.run_once()
    took = time.perf_counter() - began
    assert done.planned == done.queued == done.published == env.size.due, done
    broker.client.flushdb()
    broker.close()
    own.dispose()
    drop_due(opened)
    return took


def lateness_with_many(env: BenchEnv) -> Iterator[Row]:
    """Lateness at 20 a second while very many tasks wait in the database."""
    many = env.size.many
    opened = engine(env.database(FULL_DATABASE))
    fill_tasks(opened, many)
    opened.dispose()
    with ExitStack() as stack:
        product = stack.enter_context(env.product(FULL_DATABASE))
        contestants: list[Contestant] = [FLOOR, stack.enter_context(punctual(env, product))]
        warm_up(env, contestants)
        offsets = [each * EVERY_MS for each in range(env.size.lateness_seconds * 20)]
        samples = lateness(env, contestants, offsets, repeats=env.size.repeats)
    yield from rows(f"lateness at 20/s, {many:,} waiting", samples)
