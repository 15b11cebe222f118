"""The original design on a queue, as a contestant: its processes and its table."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from psycopg2.extras import execute_values

from tests.bench.baselines import original
from tests.bench.contestants import ROOT, Plan, counter, instant, wait
from tests.bench.environment import BenchEnv, bare, connect

CELERY = ROOT / ".venv-bench" / "bin" / "python"
CONCURRENCY = 8


@dataclass(slots=True)
class Queue:
    """The original design on some queue; a line to its coordinator asks for a cycle at once."""

    name: str
    database_url: str
    coordinator: "subprocess.Popen[bytes]"

    def race(self, plan: Plan) -> int:
        """Insert a task for each command, and wait until every one has ended."""
        connection = connect(self.database_url)
        try:
            ended = counter(
                connection, "SELECT count(*) FROM tasks WHERE status IN ('completed', 'failed')"
            )
            first = wanted = 0
            with connection.cursor() as cursor:
                cursor.execute("SELECT coalesce(max(id), 0) FROM tasks")
                (first,) = cursor.fetchone() or (0,)
                wanted = ended() + len(plan)
                rows = [
                    (first + number, command, instant(due))
                    for number, (due, command) in enumerate(plan, 1)
                ]
                insert = "INSERT INTO tasks (id, command, due_at) VALUES %s"
                execute_values(cursor, insert, rows, page_size=1000)
            assert self.coordinator.stdin is not None
            self.coordinator.stdin.write(b"now\n")
            self.coordinator.stdin.flush()
            return wait(ended, wanted, plan)
        finally:
            connection.close()


@contextmanager
def celery(env: BenchEnv) -> Iterator[Queue]:
    """The original design on Celery: worker, beat, and a program that can ask for a cycle."""
    app = ["-m", "celery", "-A", "tests.bench.baselines.celery_app"]
    beat = str(env.folder / "beat")
    commands = [
        [*app, "worker", "--concurrency", str(CONCURRENCY), "--loglevel", "WARNING"],
        [*app, "beat", "--schedule", beat, "--pidfile", "", "--loglevel", "WARNING"],
    ]
    coordinator = ["-m", "tests.bench.baselines.celery_app"]
    with _queue(env, "Celery", str(CELERY), commands, coordinator) as queue:
        yield queue


@contextmanager
def naive(env: BenchEnv) -> Iterator[Queue]:
    """The original design on Dramatiq with every default."""
    module = "tests.bench.baselines.dramatiq_app"
    worker = ["-m", "dramatiq", module, "--processes", "1", "--threads", str(CONCURRENCY)]
    with _queue(env, "naive Dramatiq", sys.executable, [worker], ["-m", module]) as queue:
        yield queue


@contextmanager
def _queue(
    env: BenchEnv,
    name: str,
    python: str,
    commands: Sequence[Sequence[str]],
    coordinator: Sequence[str],
) -> Iterator[Queue]:
    url = bare(env.database(name.lower().replace(" ", "_"), tables=False))
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(original.TABLE)
    connection.close()
    environ = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "BENCH_DATABASE_URL": url,
        "BENCH_REDIS_URL": env.redis_url().partition("?")[0],
        "C_FORCE_ROOT": "1",
    }
    with ExitStack() as stack:
        log = stack.enter_context((env.folder / f"{name}.log").open("wb"))
        processes = [
            subprocess.Popen(
                [python, *command],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )
            for command in (*commands, coordinator)
        ]
        for process in processes:
            stack.callback(_end, process)
        yield Queue(name, url, processes[-1])


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(15)
    with suppress(ProcessLookupError):  # its group: what it forked and did not end
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
