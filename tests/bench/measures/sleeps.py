"""Target 5: the memory that agent and runner need for each command that runs."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.contestants import instant, punctual
from tests.bench.environment import BenchEnv, connect
from tests.bench.processes import private_bytes, runner_of
from tests.bench.racing import warm_up
from tests.bench.row import OURS, Row
from tests.support.eventually import eventually

LEAD_NS = 6_000_000_000
SLEEP_SECONDS = 20
KILOBYTE = 1024
STARTED = "SELECT count(*) FROM runs WHERE state = 'running' AND started_at IS NOT NULL"


def memory(env: BenchEnv) -> Iterator[Row]:
    """Private memory of agent and runner, with all the sleeps running less with none."""
    count = env.size.sleeps
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small", slots=count))
        ours = stack.enter_context(punctual(env, product))
        connection = connect(ours.database_url)
        stack.callback(connection.close)
        warm_up(env, [ours])
        agent = product.pid("worker-1")
        pids = {"agent": agent, "runner": runner_of(agent)}
        before = {name: private_bytes(pid) for name, pid in pids.items()}
        due = instant(time.time_ns() + LEAD_NS)
        ours.client.create([(f"exec sleep {SLEEP_SECONDS}", due)] * count)

        def all_run() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(STARTED)
                return cursor.fetchone() == (count,)

        eventually(all_run, within=60, every=0.2)
        more = {name: private_bytes(pid) - before[name] for name, pid in pids.items()}
    each = {name: grown / count / KILOBYTE for name, grown in more.items()}
    yield Row(
        f"{count:,} sleeps: agent and runner, each",
        "KB",
        {OURS: [sum(each.values())], **{name: [kilobytes] for name, kilobytes in each.items()}},
        "5: ≤ 60 KB a run",
        60.0,
    )
