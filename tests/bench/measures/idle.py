"""Target 5 at rest: what waiting costs, and how soon a "run now" starts all the same."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg2.extensions
import redis

from tests.bench.clients import Client
from tests.bench.environment import BenchEnv, connect
from tests.bench.processes import cpu_seconds, tree
from tests.bench.row import OURS, Row, percentile
from tests.bench.stamp import read
from tests.support.eventually import eventually
from tests.support.product import Product

SERVICES = ("api-1", "coordinator-1", "worker-1")
TIMES = 40
SETTLE_SECONDS = 3.0
APART_SECONDS = 0.1


def at_rest(env: BenchEnv) -> Iterator[Row]:
    """Processor time of the product's processes, and Redis commands, while nothing is to do."""
    seconds = env.size.idle_seconds
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        client = stack.enter_context(redis.Redis.from_url(product.environ["PUNCTUAL_REDIS_URL"]))
        connection = connect(product.environ["PUNCTUAL_DATABASE_URL"])
        stack.callback(connection.close)
        pause = threading.Event()
        pause.wait(SETTLE_SECONDS)
        before = _reading(product, client, connection)
        pause.wait(seconds)
        after = _reading(product, client, connection)
    percent, commands, transactions = (
        (late - early) / seconds for late, early in zip(after, before, strict=True)
    )
    yield Row("idle: all services", "% of core", {OURS: [percent * 100]}, "5: ≤ 2 %", 2.0)
    yield Row("idle: Redis commands a worker", "1/s", {OURS: [commands]}, "5: ≤ 20 a second", 20.0)
    yield Row("idle: database transactions", "1/s", {OURS: [transactions]})


def _reading(
    product: Product, client: redis.Redis, connection: psycopg2.extensions.connection
) -> tuple[float, float, float]:
    pids = [pid for name in SERVICES for pid in tree(product.pid(name))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        (transactions,) = cursor.fetchone() or (0,)
    commands = client.info("stats")["total_commands_processed"]
    return sum(cpu_seconds(pid) for pid in pids), commands, transactions


def _is_stamped(file: Path, number: int) -> bool:
    return number in read(file)


def run_now(env: BenchEnv) -> Iterator[Row]:
    """From the sending of POST …/run/ to the first instruction of the command."""
    file = env.stamps()
    pause = threading.Event()
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        client = stack.enter_context(Client.of(product))
        commands = [(env.stamp.command(file, number), None) for number in range(TIMES)]
        ids = client.create(commands)
        sent: list[int] = []
        for number, task_id in enumerate(ids):
            sent.append(time.time_ns())
            client.http.post(f"/api/tasks/{task_id}/run/").raise_for_status()
            eventually(partial(_is_stamped, file, number), within=30, every=0.005)
            pause.wait(APART_SECONDS)
        stamps = read(file)
    took = [(stamps[number] - sent[number]) / 1e6 for number in range(TIMES)]
    yield Row(
        "run now: POST to start, p50",
        "ms",
        {OURS: [percentile(took, 0.5)]},
        "5: ≤ 50 ms",
        50.0,
    )
    yield Row("run now: POST to start, p99", "ms", {OURS: [percentile(took, 0.99)]})
