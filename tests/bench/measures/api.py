"""Target 4: tasks created one by one, compared with the least that could do it, and in bulk."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from punctual_devstack.ports import LOOPBACK, free_port, is_taken
from tests.bench.baselines import flask_app
from tests.bench.clients import MOST, Client
from tests.bench.contestants import ROOT, instant
from tests.bench.environment import BenchEnv, bare, connect
from tests.bench.load import latencies, prepared, rate
from tests.bench.processes import cpu_seconds, tree
from tests.bench.row import OURS, Figures, Row
from tests.support.eventually import eventually

THREADS = 8
BARE = "bare Flask"


def single(env: BenchEnv) -> Iterator[Row]:
    """Tasks a second over eight connections, one process and eight threads each.

    And what each costs the process that answers: on a busy machine that says more than the rate.
    """
    at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    body = json.dumps({"name": "one", "command": "true", "schedule": {"at": at}}).encode()
    rates: Figures = {OURS: [], BARE: []}
    costs: Figures = {OURS: [], BARE: []}
    with ExitStack() as stack:
        product = stack.enter_context(env.product("api"))
        client = stack.enter_context(Client.of(product))
        port, server = stack.enter_context(_bare_flask(env))
        ports = {OURS: product.port, BARE: port}
        pids = {OURS: product.pid("api-1"), BARE: server}
        headers = {"Authorization": client.token, "Content-Type": "application/json"}
        request = prepared("POST", "/api/tasks/", headers, body)
        for port in ports.values():
            rate(port, request, seconds=1)
        for _ in range(env.size.repeats):
            for name, port in ports.items():
                before, began = _cpu_seconds(pids[name]), time.perf_counter()
                rates[name].append(rate(port, request, seconds=env.size.hammer_seconds))
                answers = rates[name][-1] * (time.perf_counter() - began)
                costs[name].append((_cpu_seconds(pids[name]) - before) / answers * 1e6)
    yield Row(
        "single creates",
        "tasks/s",
        rates,
        "4: ≥ 0.35 x bare Flask",
        0.35,
        against=BARE,
        at_least=True,
    )
    yield Row("single creates: the API's CPU", "µs/task", costs, against=BARE)


def bulk(env: BenchEnv) -> Iterator[Row]:
    """Tasks a second in requests of 10,000."""
    at = instant(time.time_ns() + 30 * 86_400 * 1_000_000_000)
    items = [{"command": "true", "schedule": {"at": at}}] * MOST
    rates = []
    with env.product("api") as product, Client.of(product) as client:
        headers = {"Authorization": client.token, "Content-Type": "application/json"}
        body = json.dumps({"items": items}).encode()
        request = prepared("POST", "/api/tasks/bulk/", headers, body)
        for _ in range(env.size.repeats):
            (took_ms,) = latencies(product.port, request, count=1)
            rates.append(MOST / took_ms * 1000)
    yield Row(
        f"bulk create of {MOST:,}",
        "tasks/s",
        {OURS: rates},
        "4: ≥ 10,000 tasks/s",
        10_000.0,
        at_least=True,
    )


def _cpu_seconds(pid: int) -> float:
    return sum(cpu_seconds(each) for each in tree(pid))


@contextmanager
def _bare_flask(env: BenchEnv) -> Iterator[tuple[int, int]]:
    """The bare app, served as ours is; answers its port and its process."""
    url = bare(env.database("bare_flask", tables=False))
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(flask_app.TABLE)
    connection.close()
    port = free_port()
    command = ["-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}", "--worker-class", "gthread"]
    command += ["--threads", str(THREADS), "--log-level", "error", "--keep-alive", "5"]
    server = subprocess.Popen(
        [sys.executable, *command, "tests.bench.baselines.flask_app:app"],
        env={"PATH": "/usr/bin:/bin", "BENCH_DATABASE_URL": url},
        cwd=ROOT,
    )
    try:
        eventually(lambda: is_taken(LOOPBACK, port), within=20)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(20)
