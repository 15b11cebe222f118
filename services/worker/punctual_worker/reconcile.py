"""Keeps what the database takes this worker to hold and what it really holds the same."""

import uuid
from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from punctual import telemetry
from punctual.store.claims import release
from punctual.store.finish import Report
from punctual.store.workers import Held
from punctual_worker.clock import DatabaseClock
from punctual_worker.intake import Intake
from punctual_worker.outcome import lost_report
from punctual_worker.running import Attempt, Running, key_of

log = structlog.get_logger()


class Reconciler:
    """Compares at each heartbeat; what is unknown here twice in a row is given back or lost.

    Once is no proof: a claim or START may be committed whose answer is still on its way.
    """

    def __init__(
        self,
        engine: Engine,
        intake: Intake,
        running: Running,
        clock: DatabaseClock,
        *,
        worker_id: uuid.UUID,
        cancel: Callable[[uuid.UUID], None],
        report: Callable[[Report], None],
    ) -> None:
        self._engine = engine
        self._intake = intake
        self._running = running
        self._clock = clock
        self._worker_id = worker_id
        self._cancel = cancel
        self._report = report
        self._suspects: set[tuple[uuid.UUID, int]] = set()

    def __call__(self, held: list[Held]) -> None:
        """Take in what the database says; cancels that were not heard of are carried out too."""
        for run in held:
            if run.cancel_requested and run.state == "running":
                self._cancel(run.run_id)
        unknown = self._unknown(held)
        proven = [run for pair, run in unknown.items() if pair in self._suspects]
        self._suspects = set(unknown)
        claimed = [(run.run_id, run.fence) for run in proven if run.state == "claimed"]
        if claimed:
            with self._engine.begin() as connection:
                for run_id in release(connection, worker_id=self._worker_id, held=claimed):
                    log.warning("unknown claim released", run_id=str(run_id))
                    telemetry.RUNS_RELEASED.inc()
        for run in proven:
            if run.state == "running":
                log.warning("unknown run given up", run_id=str(run.run_id))
                self._report(lost_report(_unknown(run, self._clock), UNKNOWN, self._clock))

    def _unknown(self, held: list[Held]) -> dict[tuple[uuid.UUID, int], Held]:
        # From the intake a run goes on to those running, so these are asked later.
        runs = {(run.run_id, run.fence): run for run in held}
        waiting = self._intake.pairs()
        return {
            pair: run
            for pair, run in runs.items()
            if pair not in waiting and self._running.get(key_of(*pair)) is None
        }


UNKNOWN = "its worker never heard that its start was committed"


def _unknown(run: Held, clock: DatabaseClock) -> Attempt:
    key = key_of(run.run_id, run.fence)
    return Attempt(key, run.run_id, run.fence, attempt=0, due_at=clock.now(), timeout=0)
