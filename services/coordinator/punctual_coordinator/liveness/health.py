"""Health: whether this coordinator does its work now, for probes and load balancers."""

import threading

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.ops.progress import Progress
from punctual.store.processes.health_summary import STUCK_SECONDS, unplanned
from punctual_coordinator.liveness.watchdog import Watchdog

ANSWER_SECONDS = 3.0
"""How long a probe waits for another one that already checks the database."""


class CoordinatorHealth:
    """Says why this coordinator does not work now.

    One probe asks the database at a time: each that a frozen one leaves waiting holds a thread and
    a connection, and duties need connections.
    """

    def __init__(self, engine: Engine, watchdog: Watchdog, progress: Progress) -> None:
        self._engine = engine
        self._watchdog = watchdog
        self._progress = progress
        self._lock = threading.Lock()

    def trouble(self) -> list[str]:
        """Return why this coordinator does not work now; nothing when it does."""
        reasons = self._behind()
        if not self._watchdog.began:
            reasons.append("no cycle finished yet")
        elif self._watchdog.age() > self._watchdog.max_age_seconds:
            reasons.append(f"no cycle finished for {self._watchdog.age():.0f} s")
        return reasons + [f"{name}: no progress" for name in self._progress.stuck()]

    def _behind(self) -> list[str]:
        if not self._lock.acquire(timeout=ANSWER_SECONDS):
            return ["database: does not answer in time"]
        try:
            with self._engine.connect() as connection:
                behind = unplanned(connection)
        except SQLAlchemyError as error:
            return [f"database: {type(error).__name__}"]
        finally:
            self._lock.release()
        if behind > STUCK_SECONDS:
            return [f"planning: due times of {behind:.0f} s ago are not planned"]
        return []
