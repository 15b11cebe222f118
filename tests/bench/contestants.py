"""The contestants: each takes the same plan, and reports when the last end was on record."""

import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg2.extensions

from tests.bench.clients import Client
from tests.bench.environment import BenchEnv, connect
from tests.bench.row import OURS
from tests.support.product import Product

ROOT = Path(__file__).resolve().parents[2]

FINEST_NS, LONGEST_NS, MOST_NS = 10_000_000, 1_000_000_000, 120_000_000_000

Plan = Sequence[tuple[int, str]]
"""Due instants (nanoseconds since 1970, whole microseconds) and commands, in order."""


class Contestant(Protocol):
    """A scheduler that starts commands at their instants."""

    name: str

    def race(self, plan: Plan) -> int:
        """Carry the plan out; answers the instant when the last end was on record, in ns."""


@dataclass(slots=True)
class Bare:
    """A program of this machine and nothing else: the floor, or threads."""

    name: str
    module: str

    def race(self, plan: Plan) -> int:
        """Carry the plan out in a process of its own."""
        lines = "".join(f"{due} {command}\n" for due, command in plan)
        done = subprocess.run(
            [sys.executable, "-m", self.module],
            input=lines.encode(),
            stdout=subprocess.PIPE,
            check=True,
            cwd=ROOT,
        )
        return int(done.stdout)


FLOOR = Bare("floor", "tests.bench.baselines.floor")
THREADS = Bare("8 threads", "tests.bench.baselines.threads")


# Older ones may be pruned during the measurement.
ENDED = "SELECT count(*) FROM attempts WHERE finished_at > now() - interval '1 day'"


@dataclass(slots=True)
class Punctual:
    """The product: gets its plan over HTTP, is asked for ends in its database."""

    client: Client
    database_url: str
    name: str = OURS

    def race(self, plan: Plan) -> int:
        """Create a task for each command, and wait until every attempt has ended."""
        connection = connect(self.database_url)
        try:
            ended = counter(connection, ENDED)
            wanted = ended() + len(plan)
            self.client.create([(command, instant(due)) for due, command in plan])
            return wait(ended, wanted, plan)
        finally:
            connection.close()


@contextmanager
def punctual(env: BenchEnv, product: Product) -> Iterator[Punctual]:
    """A running product as a contestant."""
    with Client.of(product) as client:
        yield Punctual(client, product.environ["PUNCTUAL_DATABASE_URL"])


def instant(due_ns: int) -> str:
    """A due instant as RFC 3339, to the microsecond."""
    whole, rest = divmod(due_ns // 1000, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest).isoformat()


def counter(connection: psycopg2.extensions.connection, query: str) -> Callable[[], int]:
    """Asks for a number, as often as it is called."""

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(query)
            (found,) = cursor.fetchone() or (0,)
            return int(found)

    return count


def wait(ended: Callable[[], int], wanted: int, plan: Plan) -> int:
    """Return the instant by which `wanted` have ended; asking disturbs, so it is done seldom.

    Not before all are due, and then when half of what is left should have ended at the rate so far.
    """
    last_ns, before = plan[-1][0], wanted - len(plan)
    _sleep(last_ns - time.time_ns())
    while (done := ended()) < wanted:
        elapsed_ns = time.time_ns() - last_ns
        assert elapsed_ns < MOST_NS, f"{wanted - done} of {len(plan)} had not ended"
        left_ns = elapsed_ns * (wanted - done) // max(done - before, 1)
        _sleep(max(FINEST_NS, min(left_ns // 2, LONGEST_NS)))
    return time.time_ns()


def _sleep(ns: int) -> None:
    if ns > 0:
        select.select([], [], [], ns / 1e9)
