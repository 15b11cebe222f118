"""Live output: store a running attempt's output so far, when a user opens it."""

import queue
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from punctual.ops import telemetry
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.runs.live_output import store_live_output
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import SoFar

log = structlog.get_logger()

MOST_WAITING = 64
"""Pages ask again soon, so what finds no room here is dropped."""


@dataclass(frozen=True, slots=True)
class OutputSoFar:
    """An attempt, and its output at a request."""

    attempt: ActiveAttempt
    so_far: SoFar


class OutputRelay:
    """Requests an attempt's output from the runner, and stores it for the API."""

    def __init__(
        self, engine: Engine, running: ActiveAttempts, runner: RunnerClient, *, worker_id: uuid.UUID
    ) -> None:
        self._engine = engine
        self._running = running
        self._runner = runner
        self._worker_id = worker_id
        self._answers: queue.Queue[OutputSoFar] = queue.Queue(MOST_WAITING)

    def wanted(self, run_id: uuid.UUID) -> None:
        """Fetch the output of this run: a user has it open."""
        for attempt in self._running.all():
            if attempt.run_id == run_id:
                self._runner.request_output(attempt.key)

    def came(self, attempt: ActiveAttempt, so_far: SoFar) -> None:
        """Take the runner's answer, without waiting."""
        attempt.seen = so_far
        if not self._answers.full():
            self._answers.put(OutputSoFar(attempt, so_far))

    def run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Until `stop` is set, write what came. A database that is away costs nothing but sight."""
        while not stop.is_set():
            turned()
            try:
                relayed = self._answers.get(timeout=1.0)
            except queue.Empty:
                continue
            try:
                self._keep(relayed)
            except DATABASE_FAILURES as error:
                telemetry.DATABASE_ERRORS.inc()
                # Only the driver's words: SQLAlchemy's have the output in them.
                log.warning("live output not stored", error=driver_message(error))

    def _keep(self, relayed: OutputSoFar) -> None:
        so_far = relayed.so_far
        with self._engine.begin() as connection:
            store_live_output(
                connection,
                worker_id=self._worker_id,
                run_id=relayed.attempt.run_id,
                fence=relayed.attempt.fence,
                data=so_far.output,
                segments=so_far.signed_segments,
                head_bytes=so_far.head_bytes,
                output_bytes=so_far.output_bytes,
            )
