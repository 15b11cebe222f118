"""Heartbeat: renew the lease, read the database's clock, reconcile with the database."""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import Engine

from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.ops.progress import STUCK_SECONDS, Progress
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.processes.workers import WorkerRun, beat, runs_of_worker
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.liveness.lease import WorkerLease
from punctual_worker.agent.run_queue import RunQueue

log = structlog.get_logger()


class BuriedError(Exception):
    """The database has buried this worker: its runs belong to others."""


class Heartbeat:
    """Renews the lease, and passes the worker's runs in the database to `reconcile`."""

    def __init__(
        self,
        engine: Engine,
        run_queue: RunQueue,
        clock: DatabaseClock,
        lease: WorkerLease,
        *,
        worker_id: uuid.UUID,
        settings: Settings,
        progress: Progress,
        may_beat: Callable[[], bool],
        extend: Callable[[int], None],
        reconcile: Callable[[list[WorkerRun]], None],
    ) -> None:
        self._engine = engine
        self._run_queue = run_queue
        self._clock = clock
        self._lease = lease
        self._worker_id = worker_id
        self._every = settings.heartbeat_seconds
        self._lasts = timedelta(seconds=settings.lease_seconds)
        self.loop = progress.loop(
            "heartbeat", within_seconds=STUCK_SECONDS + self._every, excusable=False
        )
        self._may_beat = may_beat
        self._extend = extend
        self._reconcile = reconcile
        self.draining = False
        self._away = False

    def run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Renew the lease until `stop` is set, but not while the rest of this worker is stuck.

        Raises BuriedError when this worker was declared dead.
        """
        while not stop.is_set():
            turned()
            beaten = self._may_beat() and self.try_beat()
            stop.wait(self._every if beaten else 1.0)

    def try_beat(self) -> bool:
        """Renew the lease once; return False when the database did not answer."""
        try:
            self.beat()
        except DATABASE_FAILURES as error:
            telemetry.DATABASE_ERRORS.inc()
            if not self._away:
                log.warning(
                    "database connection lost",
                    error=driver_message(error),
                    lease_age=self._lease.age_seconds,
                )
            self._away = True
            return False
        if self._away:
            log.info("database connection restored")
        self._away = False
        return True

    def beat(self) -> None:
        """Renew the lease once. Raises BuriedError, and SQLAlchemy's errors."""
        sent_ns, sent = time.monotonic_ns(), time.time()
        room = self._run_queue.free_slots
        # A database that is away takes the lease; it does not make this loop a stuck one.
        with self.loop.wait(), self._engine.begin() as connection:
            answer = beat(
                connection,
                worker_id=self._worker_id,
                room=room,
                draining=self.draining,
                lease=self._lasts,
            )
            answered = time.time()
        if answer is None:
            raise BuriedError
        self._clock.observe(sent=sent, answered=answered, database=answer.now)
        until_ns = self._lease.renew(sent_ns=sent_ns, room_elsewhere=answer.room_elsewhere)
        self._extend(until_ns)
        telemetry.WORKER_ROOM.set(self._run_queue.slots - self._run_queue.busy)
        telemetry.CLOCK_OFFSET.set(self._clock.offset_seconds)
        # Apart from the beat: a lock on the table of runs must not take the lease with it.
        with self.loop.wait(), self._engine.begin() as connection:
            runs = runs_of_worker(connection, worker_id=self._worker_id)
        self._reconcile(runs)
