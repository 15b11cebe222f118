"""Target 7: what a hundred workers ask of one PostgreSQL and one Redis, compared with a model.

No worker process takes part: two cores could not carry them. Their statements are sent by a few
threads under a hundred names, in the small batches that a hundred workers would send.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import redis
from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual.messaging.hints import QUEUE
from punctual.store.processes.workers import beat, runs_of_worker
from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import add_due, drop_due, fill_tasks
from tests.bench.life import Pair, Worker, dispatch_all, new_worker, parts, plan_all
from tests.bench.machine_load import cost
from tests.bench.row import OURS, Row

DATABASE = "scaling"
WORKERS = 100
THREADS = 6
RUNS = 1_500
BATCHES = (1, 16)
"""The model is fitted at these, and checked in between."""
BATCH = 4
HEARTBEAT_SECONDS = 5.0
BEATS = 5
"""How many heartbeats of each worker are counted."""


def with_many_workers(env: BenchEnv) -> Iterator[Row]:
    """The model's constants, and a simulation that it has to agree with."""
    # None of its connections is closed before the end: with it would go the count of what it took.
    opened = engine(env.database(DATABASE))
    working = engine(env.database(DATABASE), size=THREADS + 3, service="worker")
    fill_tasks(opened, 100)
    workers = [new_worker(working, name=f"worker-{n}", batch=16) for n in range(WORKERS)]
    _simulated(opened, workers, batch=16, runs=300)  # caches, connections, sizes of files
    single, many = (_simulated(opened, workers, batch=batch)[0] for batch in BATCHES)
    each_statement = (single - many) / (1 / BATCHES[0] - 1 / BATCHES[1])
    each_run = single - each_statement
    beats = _beats(opened, working, workers)
    yield Row("database CPU: for the run itself", "µs/run", {OURS: [each_run]})
    yield Row("database CPU: for its worker's statements", "µs/batch", {OURS: [each_statement]})
    yield Row("database CPU: one heartbeat", "µs", {OURS: [beats]})
    yield Row("Redis CPU: one message, to and fro", "µs", {OURS: [_messages(env)]})
    found, rate = _simulated(opened, workers, batch=BATCH, beating=True)
    beaten = beats * WORKERS / HEARTBEAT_SECONDS / rate
    yield Row(
        f"{WORKERS} workers, {BATCH} runs a batch: database CPU",
        "µs/run",
        {OURS: [found], "the model": [each_run + each_statement / BATCH + beaten]},
        "7: within 1.3 x the model",
        1.3,
        against="the model",
        note=f"{rate:,.0f} runs/s next to {THREADS} threads of this program",
    )
    opened.dispose()
    working.dispose()


def _beats(opened: Engine, working: Engine, workers: list[Worker]) -> float:
    with cost(opened) as spent:
        for _ in range(BEATS):
            for worker in workers:
                _beat(working, worker)
    return spent.seconds / (BEATS * len(workers)) * 1e6


def _beat(opened: Engine, worker: Worker) -> None:
    with opened.begin() as connection:
        assert beat(connection, worker_id=worker.id, room=16)
        runs_of_worker(connection, worker_id=worker.id)


def _messages(env: BenchEnv) -> float:
    """Microseconds of Redis for each message: published, fetched, acknowledged."""
    broker = Broker(env.redis_url(), namespace="scaling")
    broker.declare_queue(QUEUE)
    pairs: list[Pair] = [(uuid4(), 1) for _ in range(RUNS)]
    client: redis.Redis = broker.client
    before = _redis_seconds(client)
    broker.publish(pairs, workers=WORKERS)
    count = 0
    consumer = broker.consume(QUEUE, prefetch=1, timeout=1)
    while (message := next(consumer)) is not None:
        consumer.ack(message)
        count += 1
    seconds = _redis_seconds(client) - before
    broker.close()
    return seconds / count * 1e6


def _redis_seconds(client: redis.Redis) -> float:
    usage = client.info("cpu")
    return float(usage["used_cpu_user"]) + float(usage["used_cpu_sys"])


def _simulated(
    opened: Engine, workers: list[Worker], *, batch: int, runs: int = RUNS, beating: bool = False
) -> tuple[float, float]:
    """Database CPU (µs a run) and runs a second while all workers work, and beat if asked."""
    add_due(opened, runs)
    stop = threading.Event()

    def keep_beating() -> None:
        for number in range(1_000_000):
            _beat(workers[0].engine, workers[number % len(workers)])
            if stop.wait(HEARTBEAT_SECONDS / len(workers)):
                return

    def live(share: tuple[int, list[Pair]]) -> int:
        number, queued = share
        done = 0
        for turn, few in enumerate(parts(queued, batch)):
            worker = workers[(number + turn * THREADS) % len(workers)]
            done += worker.finish(worker.start(worker.claim(few)))
        return done

    with ThreadPoolExecutor(THREADS + 1) as pool, cost(opened) as spent:
        began = time.perf_counter()
        heart = pool.submit(keep_beating) if beating else None
        plan_all(opened)
        queued = dispatch_all(opened)
        shares = [(number, queued[number::THREADS]) for number in range(THREADS)]
        done = sum(pool.map(live, shares))
        took = time.perf_counter() - began
        stop.set()
        if heart:
            heart.result()
    assert done == runs, done
    drop_due(opened)
    return spent.seconds / runs * 1e6, runs / took
