"""The original design on Celery: beat every 30 s, `eta` messages, prefork workers.

As a program it asks for a cycle at once whenever it reads a line, without waiting for beat.
"""

import os
import sys

from celery import Celery

from tests.bench.baselines import original

app = Celery("original", broker=os.environ["BENCH_REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    beat_schedule={"cycle": {"task": "cycle", "schedule": float(original.CYCLE_SECONDS)}},
)


@app.task(name="execute")
def execute(task_id: int) -> None:
    """Run one task."""
    original.execute(task_id)


@app.task(name="cycle")
def cycle() -> None:
    """Send what is due in the next 30 s, each to be run at its time."""
    for task_id, due_at in original.take_due():
        execute.apply_async((task_id,), eta=due_at)


if __name__ == "__main__":
    for _ in sys.stdin:
        cycle.delay()
