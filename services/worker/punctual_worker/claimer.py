"""Claims queued runs: those a message names, and, when room frees, the next ones due."""

import threading
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from punctual import telemetry
from punctual.messaging.messages import Pair
from punctual.store.claims import Claimed, claim, pull
from punctual_worker.intake import Intake

log = structlog.get_logger()


class Claimer:
    """Fills the intake, and never beyond its room."""

    def __init__(
        self, engine: Engine, intake: Intake, *, worker_id: uuid.UUID, pull_ahead: timedelta
    ) -> None:
        self._engine = engine
        self._intake = intake
        self._worker_id = worker_id
        self._ahead = pull_ahead
        self._one_at_a_time = threading.Lock()
        self._wanted = threading.Event()
        self._more_queued = True

    def on_message(self, pairs: Sequence[Pair]) -> None:
        """Claim what a message names; what does not fit stays queued until room frees."""
        with self._one_at_a_time:
            room = self._intake.room
            if room < len(pairs):
                self._more_queued = True
            if room == 0:
                return
            try:
                with self._engine.begin() as connection:
                    claims = claim(connection, worker_id=self._worker_id, messages=pairs, room=room)
            except DBAPIError as error:
                self._fail("claim failed", error)
                return
            self._take_in(claims)

    def want(self, *, surely: bool = False) -> None:
        """Room has freed, or (`surely`) it is time to look whether a message was lost."""
        if surely or self._more_queued:
            self._wanted.set()

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set, claim straight from the database whenever that is wanted."""
        while not stop.is_set():
            if not self._wanted.wait(1.0):
                continue
            self._wanted.clear()
            try:
                self._pull()
            except DBAPIError as error:
                self._fail("pull failed", error)
                stop.wait(1.0)

    def _pull(self) -> None:
        with self._one_at_a_time:
            room = self._intake.room
            if room == 0:
                return
            with self._engine.begin() as connection:
                claims = pull(connection, worker_id=self._worker_id, room=room, ahead=self._ahead)
            self._more_queued = len(claims) == room
            self._take_in(claims)

    def _fail(self, what: str, error: DBAPIError) -> None:
        """What could not be claimed is still queued: look for it again."""
        telemetry.DATABASE_ERRORS.inc()
        log.warning(what, error=str(error.orig))
        self._more_queued = True
        self._wanted.set()

    def _take_in(self, claims: Sequence[Claimed]) -> None:
        telemetry.RUNS_CLAIMED.inc(len(claims))
        self._intake.add(claims)
