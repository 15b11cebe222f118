"""Pruner: delete history past its retention, in steps too small to delay others."""

import threading
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import Engine

from punctual.store.processes.coordinators import forget_silent
from punctual.store.processes.workers import forget_gone
from punctual.store.runs.prune import prune

STEP = 500
PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """How many rows of each kind are gone."""

    runs: int = 0
    tasks: int = 0
    idempotency_keys: int = 0
    tokens: int = 0
    sessions: int = 0
    ledger: int = 0
    outages: int = 0
    workers: int = 0
    coordinators: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The same by name."""
        return asdict(self)


class Pruner:
    """Deletes step by step, with a pause between the steps, until nothing is left or `stop`."""

    def __init__(
        self, engine: Engine, stop: threading.Event, *, keep: timedelta, step: int = STEP
    ) -> None:
        self._engine = engine
        self._stop = stop
        self._keep = keep
        self._step = step

    def run_once(self) -> Report:
        """Delete what is past its retention by the database's clock."""
        with self._engine.begin() as connection:
            workers, coordinators = forget_gone(connection), forget_silent(connection)
        runs = tasks = idempotency_keys = tokens = sessions = ledger = outages = 0
        while True:
            with self._engine.begin() as connection:
                step = prune(connection, keep=self._keep, limit=self._step)
            runs += step.runs
            tasks += step.tasks
            idempotency_keys += step.idempotency_keys
            tokens += step.tokens
            sessions += step.sessions
            ledger += step.ledger
            outages += step.outages
            most = max(asdict(step).values())
            if most < self._step or self._stop.wait(PAUSE_SECONDS):
                break
        return Report(
            runs,
            tasks,
            idempotency_keys,
            tokens,
            sessions,
            ledger,
            outages,
            workers,
            coordinators,
        )
