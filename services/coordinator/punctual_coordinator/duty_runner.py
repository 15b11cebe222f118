"""Duty runner: an error ends one turn of one duty, and nothing else."""

import threading
from collections.abc import Callable
from contextvars import ContextVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from punctual.ops import telemetry
from punctual.ops.progress import WatchedLoop
from punctual_coordinator.liveness.database_contact import DatabaseContact

log = structlog.get_logger()

_turning: ContextVar[WatchedLoop | None] = ContextVar("turning", default=None)


class DutyRunner:
    """Runs the turns of duties until `stop` is set."""

    def __init__(self, contact: DatabaseContact, stop: threading.Event) -> None:
        self._contact = contact
        self._stop = stop

    def take(self, name: str, duty: Callable[[], object]) -> bool:
        """Run one duty; return False when the database is away and nothing else should run."""
        if self._stop.is_set():
            return False
        self._contact.silence.sent()
        try:
            duty()
        except PoolTimeoutError:  # other duties have every connection just now
            telemetry.DATABASE_ERRORS.inc()
            log.warning("connection pool exhausted", duty=name)
            return False
        except DBAPIError as error:
            if self._contact.failed(error):
                return False
            telemetry.DUTY_FAILURES.labels(name).inc()
            log.exception("duty failed", duty=name)
        except Exception:
            telemetry.DUTY_FAILURES.labels(name).inc()
            log.exception("duty failed", duty=name)
        return True

    def of(self, name: str, duty: Callable[[], object], loop: WatchedLoop) -> Callable[[], None]:
        """Return the duty as the scheduler calls it; its turns and its commits are marked."""

        def tick() -> None:
            loop.mark()
            token = _turning.set(loop)
            try:
                self.take(name, duty)
            finally:
                _turning.reset(token)
                loop.mark()

        tick.__name__ = name
        return tick


def mark_turn() -> None:
    """Note that the duty at work in this thread gets on, as at a commit."""
    loop = _turning.get()
    if loop is not None:
        loop.mark()
