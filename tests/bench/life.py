"""Lead runs through their life by the product's own statements, with no process but the database.

So what a step costs the database can be counted: no other process polls, beats or waits.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from punctual.store.lifecycle.claim import claim
from punctual.store.lifecycle.dispatch import dispatch
from punctual.store.lifecycle.finish import AttemptResult, finish
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.lifecycle.start import note_started, start
from punctual.store.processes.workers import register

WINDOW = timedelta(seconds=35)
LEASE = timedelta(minutes=10)
PLAN_BATCH = DISPATCH_BATCH = 1000
OUTPUT = b"hello\n"

Pair = tuple[uuid.UUID, int]


@dataclass(slots=True)
class Worker:
    """One worker as the database knows it; `batch` runs in each of its statements."""

    engine: Engine
    id: uuid.UUID
    batch: int

    def claim(self, queued: Sequence[Pair]) -> list[Pair]:
        """Claim what messages name."""
        claims: list[Pair] = []
        for part in parts(queued, self.batch):
            with self.engine.begin() as connection:
                taken = claim(connection, worker_id=self.id, messages=part, room=len(part))
                claims += [(run.run_id, run.fence) for run in taken]
        return claims

    def start(self, claims: Sequence[Pair]) -> list[Pair]:
        """Start what it holds."""
        started: list[Pair] = []
        for part in parts(claims, self.batch):
            with self.engine.begin() as connection:
                runs = start(connection, worker_id=self.id, claims=part, lease=LEASE)
                started += [(run.run_id, run.fence) for run in runs]
        return started

    def note(self, running: Sequence[Pair]) -> None:
        """Record when they really started, as for commands that run for longer."""
        now = datetime.now(UTC).isoformat()
        for part in parts(running, self.batch):
            begun = [{"id": str(run), "fence": fence, "started_at": now} for run, fence in part]
            with self.engine.begin() as connection:
                note_started(connection, worker_id=self.id, begun=json.dumps(begun))

    def finish(self, running: Sequence[Pair]) -> int:
        """Report that each succeeded; answers how many that decided."""
        done = 0
        for part in parts(running, self.batch):
            reports = [_succeeded(run_id, fence) for run_id, fence in part]
            with self.engine.begin() as connection:
                done += len(finish(connection, worker_id=self.id, reports=reports))
        return done


def new_worker(engine: Engine, *, name: str, batch: int) -> Worker:
    """A registered worker."""
    with engine.begin() as connection:
        worker_id = register(connection, name=name, host="bench", pid=1, slots=1000)
    return Worker(engine, worker_id, batch)


def plan_all(engine: Engine) -> None:
    """Plan all that is due."""
    planned = PLAN_BATCH
    while planned == PLAN_BATCH:
        with engine.begin() as connection:
            planned = plan(connection, window=WINDOW, batch_size=PLAN_BATCH).tasks


def dispatch_all(engine: Engine) -> list[Pair]:
    """Queue all that is planned; answers what messages would hold."""
    queued: list[Pair] = []
    found = DISPATCH_BATCH
    while found == DISPATCH_BATCH:
        with engine.begin() as connection:
            runs = dispatch(connection, window=WINDOW, batch_size=DISPATCH_BATCH)
        queued += [(run.run_id, run.fence) for run in runs]
        found = len(runs)
    return queued


def parts(whole: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The sequence in pieces."""
    return (whole[at : at + size] for at in range(0, len(whole), size))


def _succeeded(run_id: uuid.UUID, fence: int) -> AttemptResult:
    now, size = datetime.now(UTC), len(OUTPUT)
    return AttemptResult(
        run_id, fence, "succeeded", now, now, 0, None, None, OUTPUT, (size,), size, size, False
    )
