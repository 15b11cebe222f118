"""Settle the runs of a worker that ends: give back what never ran, report the rest as lost."""

import uuid
from collections.abc import Collection

import structlog
from sqlalchemy import Engine

from punctual.domain.runs.reasons import CodedReason
from punctual.ops import telemetry
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.lifecycle.give_back import give_back
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts
from punctual_worker.agent.attempts.outcome import lost_report
from punctual_worker.agent.attempts.reporter import Reporter
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.runner_link.client import RunnerClient

log = structlog.get_logger()


class UnlaunchedRuns:
    """Runs that this worker claimed and certainly did not launch, until they are given back."""

    def __init__(self, engine: Engine, *, worker_id: uuid.UUID) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._left: set[tuple[uuid.UUID, int]] = set()

    def give_back(self, pairs: Collection[tuple[uuid.UUID, int]]) -> bool:
        """Give these back, and what could not be given back before; False without a database."""
        self._left.update(pairs)
        if not self._left:
            return True
        try:
            with self._engine.begin() as connection:
                unlaunched = sorted(self._left)
                given = give_back(connection, worker_id=self._worker_id, unlaunched=unlaunched)
        except DATABASE_FAILURES as error:
            log.warning(
                "claimed runs not released", error=driver_message(error), runs=len(self._left)
            )
            return False
        telemetry.RUNS_RELEASED.inc(len(given))
        self._left.clear()
        return True


def settle_running(
    running: ActiveAttempts,
    runner: RunnerClient,
    reporter: Reporter,
    clock: DatabaseClock,
    unlaunched_runs: UnlaunchedRuns,
    *,
    why: CodedReason,
) -> None:
    """After the runner's end: report as lost what it had launched, and give back what it had not.

    What had ended before keeps its own report.
    """
    unlaunched: list[ActiveAttempt] = []
    for attempt in running.all():
        # In this order: an attempt is reported first, and its note forgotten after that.
        has_not_launched = runner.has_not_launched(attempt.key)
        if attempt.reported:
            continue
        if has_not_launched:
            unlaunched.append(attempt)
            continue
        attempt.started_ns = attempt.started_ns or runner.launched_ns(attempt.key)
        reporter.ended(lost_report(attempt, why, clock))
    if unlaunched_runs.give_back([attempt.pair for attempt in unlaunched]):
        for attempt in unlaunched:
            running.remove(attempt.key)
