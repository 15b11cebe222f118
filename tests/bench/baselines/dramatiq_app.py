"""The original design on Dramatiq as one writes it at first: `delay`, every default kept.

As a program it is the coordinator: a cycle every 30 s, and at once whenever it reads a line.
"""

import os
import select
import sys
from datetime import UTC, datetime

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.bench.baselines import original

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS_URL"]))  # type: ignore[no-untyped-call]


@dramatiq.actor
def execute(task_id: int) -> None:
    """Run one task."""
    original.execute(task_id)


def cycle() -> None:
    """Send what is due in the next 30 s, each delayed until its time."""
    for task_id, due_at in original.take_due():
        delay = (due_at - datetime.now(UTC)).total_seconds() * 1000
        execute.send_with_options(args=(task_id,), delay=max(0, round(delay)))


if __name__ == "__main__":
    while True:
        readable = select.select([sys.stdin], [], [], original.CYCLE_SECONDS)[0]
        if readable and not sys.stdin.readline():
            break
        cycle()
