"""Watch the installation from the API, which a standing coordinator cannot do for itself."""

import threading

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from punctual.ops.config import Settings
from punctual.store.alerts.watch import WatchLimits, look
from punctual_api.http.database import connection, own_transaction
from punctual_api.http.database_watch import DatabaseAwayError

log = structlog.get_logger()

LOOK_SECONDS = 15.0


class InstallationWatch:
    """Looks every 15 seconds, in a thread of this process."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._limits = WatchLimits.of(settings)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        threading.Thread(target=self._run, name="installation-watch", daemon=True).start()

    def look(self) -> None:
        """Look once; what the database does not answer now is looked at the next time."""
        try:
            with own_transaction(self._app):
                fresh = look(connection(), self._limits)
        except (SQLAlchemyError, DatabaseAwayError):
            return  # the next request that needs the database logs it
        for one in fresh:
            if one.details.get("over"):
                log.info("trouble over", kind=one.kind.value, **one.details)
            else:
                log.error("trouble noticed", kind=one.kind.value, **one.details)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.look()
