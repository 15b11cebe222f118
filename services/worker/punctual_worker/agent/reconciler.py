"""Reconciler: compare the worker's runs in the database with those it really has."""

import uuid
from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.ops import telemetry
from punctual.store.lifecycle.claim import release
from punctual.store.lifecycle.finish import AttemptResult
from punctual.store.lifecycle.give_back import give_back
from punctual.store.processes.workers import WorkerRun
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts, key_of
from punctual_worker.agent.attempts.outcome import lost_report
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.run_queue import RunQueue

log = structlog.get_logger()


class Reconciler:
    """Compares at each heartbeat; a run that is unknown here twice in a row is given back.

    Once is no proof: a claim or START may be committed whose answer is still on its way. What was
    never entered here was never ordered from the runner either; only an attempt whose report the
    database refused was, and is lost.
    """

    def __init__(
        self,
        engine: Engine,
        run_queue: RunQueue,
        running: ActiveAttempts,
        clock: DatabaseClock,
        *,
        worker_id: uuid.UUID,
        cancel: Callable[[uuid.UUID], None],
        report: Callable[[AttemptResult], None],
    ) -> None:
        self._engine = engine
        self._run_queue = run_queue
        self._running = running
        self._clock = clock
        self._worker_id = worker_id
        self._cancel = cancel
        self._report = report
        self._suspects: set[tuple[uuid.UUID, int]] = set()

    def __call__(self, own_runs: list[WorkerRun]) -> None:
        """Apply what the database says of claimed runs, including cancels that were missed."""
        for run in own_runs:
            if run.cancel_requested and run.state == "running":
                self._cancel(run.run_id)
        unknown = self._unknown(own_runs)
        proven = [run for pair, run in unknown.items() if pair in self._suspects]
        self._suspects = set(unknown)
        claimed = [_pair(run) for run in proven if run.state == "claimed"]
        started = [run for run in proven if run.state == "running"]
        refused = [run for run in started if self._running.is_refused(_key(run))]
        unlaunched = [_pair(run) for run in started if run not in refused]
        if claimed or unlaunched:
            with self._engine.begin() as connection:
                released = release(connection, worker_id=self._worker_id, claims=claimed)
                released += give_back(connection, worker_id=self._worker_id, unlaunched=unlaunched)
            for run_id in released:
                log.warning("unknown run released", run_id=str(run_id))
                telemetry.RUNS_RELEASED.inc()
        for run in refused:
            log.warning("unknown run abandoned", run_id=str(run.run_id))
            self._report(lost_report(_unknown(run, self._clock), REFUSED, self._clock))

    def _unknown(self, own_runs: list[WorkerRun]) -> dict[tuple[uuid.UUID, int], WorkerRun]:
        # A run moves from the run queue to the active attempts, so these are read later.
        runs = {(run.run_id, run.fence): run for run in own_runs}
        waiting = self._run_queue.pairs()
        return {
            pair: run
            for pair, run in runs.items()
            if pair not in waiting and self._running.get(key_of(*pair)) is None
        }


REFUSED = coded(ReasonCode.REPORT_REFUSED)


def _pair(run: WorkerRun) -> tuple[uuid.UUID, int]:
    return run.run_id, run.fence


def _key(run: WorkerRun) -> str:
    return key_of(run.run_id, run.fence)


def _unknown(run: WorkerRun, clock: DatabaseClock) -> ActiveAttempt:
    return ActiveAttempt(_key(run), run.run_id, run.fence, attempt=0, due_at=clock.now(), timeout=0)
