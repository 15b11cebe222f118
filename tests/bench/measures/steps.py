"""Target 6: what each step of a run's life writes, and the processor time it takes the database."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, text

from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import add_due, drop_due, fill_tasks
from tests.bench.life import dispatch_all, new_worker, plan_all
from tests.bench.machine_load import Cost, cost
from tests.bench.row import OURS, Row

RUNS = 2_000
BATCH = 16
DATABASE = "steps"
STEPS = ("plan", "dispatch", "claim", "start", "note", "finish")


def cost_of_each(env: BenchEnv) -> Iterator[Row]:
    """Bytes of WAL and processor time for each step, workers taking 16 runs at a time."""
    opened = engine(env.database(DATABASE))
    working = engine(env.database(DATABASE), service="worker")
    fill_tasks(opened, 100)
    one_life(opened, working, runs=200, batch=BATCH)  # caches, connections, sizes of files
    found = one_life(opened, working, runs=RUNS, batch=BATCH)
    with opened.begin() as connection:
        connection.execute(text("ALTER TABLE attempts DISABLE TRIGGER attempts_health"))
    bare = one_life(opened, working, runs=RUNS, batch=BATCH)["finish"]
    opened.dispose()
    working.dispose()
    for step in STEPS:
        spent = found[step]
        note = "only for commands that run for longer than 0.25 s" if step == "note" else ""
        yield Row(f"{step}: WAL", "bytes/run", {OURS: [spent.wal_bytes / RUNS]}, note=note)
        yield Row(f"{step}: database CPU", "µs/run", {OURS: [spent.seconds / RUNS * 1e6]})
    yield Row("finish, health not kept: WAL", "bytes/run", {OURS: [bare.wal_bytes / RUNS]})
    yield Row(
        "finish, health not kept: database CPU", "µs/run", {OURS: [bare.seconds / RUNS * 1e6]}
    )
    total = sum(found[step].wal_bytes for step in STEPS)
    yield Row("all steps: WAL", "bytes/run", {OURS: [total / RUNS]})


def one_life(opened: Engine, working: Engine, *, runs: int, batch: int) -> dict[str, Cost]:
    """Has that many runs planned, dispatched, claimed, started and finished; answers each cost."""
    add_due(opened, runs)
    worker = new_worker(working, name="worker-1", batch=batch)
    found: dict[str, Cost] = {}

    def step(name: str, does: Callable[[], Any]) -> Any:
        with cost(opened) as found[name]:
            return does()

    step("plan", lambda: plan_all(opened))
    queued = step("dispatch", lambda: dispatch_all(opened))
    claimed = step("claim", lambda: worker.claim(queued))
    running = step("start", lambda: worker.start(claimed))
    step("note", lambda: worker.note(running))
    done = step("finish", lambda: worker.finish(running))
    assert len(queued) == len(claimed) == len(running) == done == runs, (len(queued), done)
    drop_due(opened)
    return found
