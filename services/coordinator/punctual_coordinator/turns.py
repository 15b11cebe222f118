"""Turns: a duty's error ends that turn of it, and nothing else."""

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError

from punctual import telemetry
from punctual_coordinator.contact import Contact

log = structlog.get_logger()


class Turns:
    """Gives duties their turns until `stop` is set."""

    def __init__(self, contact: Contact, stop: threading.Event) -> None:
        self._contact = contact
        self._stop = stop

    def take(self, name: str, duty: Callable[[], object]) -> bool:
        """Do it; false when there is no use in doing more before the next tick."""
        if self._stop.is_set():
            return False
        try:
            duty()
        except DBAPIError as error:
            if self._contact.failed(error):
                return False
            telemetry.DUTY_FAILURES.labels(name).inc()
            log.exception("duty failed", duty=name)
        except Exception:
            telemetry.DUTY_FAILURES.labels(name).inc()
            log.exception("duty failed", duty=name)
        return True

    def of(self, name: str, duty: Callable[[], object]) -> Callable[[], None]:
        """The duty as the timetable calls it."""

        def tick() -> None:
            self.take(name, duty)

        return tick
