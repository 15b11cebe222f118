"""Claimer: claim queued runs that a message names, and the next due ones when room frees."""

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy import Connection, Engine

from punctual.messaging.hints import Pair
from punctual.ops import telemetry
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.lifecycle.claim import Claimed, claim, pull, release
from punctual.store.lifecycle.outranked import find_outranked
from punctual_worker.agent.run_queue import QueuedRun, RunQueue

log = structlog.get_logger()

DUE_NOW = timedelta(seconds=1)
"""Runs due later than this are claimed for free slots only."""

EXCHANGE_SECONDS = 0.25
"""How often to check whether queued runs are more urgent than those that wait here."""

Take = Callable[[Connection, int, timedelta | None], list[Claimed]]
"""Claims at most that many runs, due within that time if one is given."""


class Claimer:
    """Fills the run queue up to its room."""

    def __init__(
        self,
        engine: Engine,
        run_queue: RunQueue,
        *,
        worker_id: uuid.UUID,
        pull_ahead: timedelta,
        room_elsewhere: Callable[[], int],
    ) -> None:
        self._engine = engine
        self._run_queue = run_queue
        self._worker_id = worker_id
        self._ahead = pull_ahead
        self._room_elsewhere = room_elsewhere
        self._one_at_a_time = threading.Lock()
        self._wanted = threading.Event()
        self._outranked = False  # until it was looked whether what waits here still goes first
        self._exchange_from = 0.0
        self._more_queued = False  # until a pull, the first one at once, finds more than fits

    def on_message(self, pairs: Sequence[Pair]) -> None:
        """Claim what a message names; what does not fit stays queued until room frees.

        While more is queued than fits, ignore the message and pull by turn instead.
        """
        if self._more_queued:
            self._outranked = True
            self._wanted.set()
            return

        def named(connection: Connection, room: int, ahead: timedelta | None) -> list[Claimed]:
            return claim(
                connection, worker_id=self._worker_id, messages=pairs, room=room, ahead=ahead
            )

        with self._one_at_a_time:
            try:
                claims, full = self._fill(named)
            except DATABASE_FAILURES as error:
                log.warning("claim failed", error=driver_message(error))
                self._look_again()
                return
            if full and len(claims) < len(pairs):
                self._more_queued = self._outranked = True
                self._wanted.set()
            self._take_in(claims)

    def want(self, *, surely: bool = False) -> None:
        """Request a pull: room has freed, or (`surely`) a message may be lost."""
        if surely:
            self._outranked = True
        if surely or self._more_queued:
            self._wanted.set()

    def run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Claim straight from the database at each request, until `stop` is set."""
        while not stop.is_set():
            turned()
            if not self._wanted.wait(1.0):
                continue
            self._wanted.clear()
            try:
                self._pull()
                self._exchange()
            except DATABASE_FAILURES as error:
                log.warning("pull failed", error=driver_message(error))
                self._look_again()
                stop.wait(1.0)

    def _pull(self) -> None:
        def next_due(connection: Connection, room: int, ahead: timedelta | None) -> list[Claimed]:
            ahead = self._ahead if ahead is None else ahead
            return pull(connection, worker_id=self._worker_id, room=room, ahead=ahead)

        if not self._more_queued and not self._run_queue.free_slots and self._room_elsewhere():
            return  # what is new would only wait here, and be released to who has a free slot
        with self._one_at_a_time:
            claims, self._more_queued = self._fill(next_due)
            self._take_in(claims)

    def _exchange(self) -> None:
        """Give back runs that wait here while more urgent ones of their team are queued."""
        now = monotonic()
        if not self._outranked or now < self._exchange_from:
            return
        self._outranked, self._exchange_from = False, now + EXCHANGE_SECONDS
        with self._one_at_a_time:
            waiting = [run.pair for run in self._run_queue.waiting()]
            if not waiting:
                return
            with self._engine.begin() as connection:
                found = find_outranked(connection, worker_id=self._worker_id, claims=waiting)
            withdrawn = self._run_queue.withdraw(set(found.release))
            if not withdrawn:
                return
            try:
                claims = self._swap(withdrawn, found.claim)
            except DATABASE_FAILURES:
                self._run_queue.restore(withdrawn)
                raise
            self._take_in(claims)

    def _swap(
        self, withdrawn: Sequence[QueuedRun], wanted: Sequence[tuple[uuid.UUID, int]]
    ) -> list[Claimed]:
        with self._engine.begin() as connection:
            pairs = [run.pair for run in withdrawn]
            released = release(connection, worker_id=self._worker_id, claims=pairs)
            claims = claim(
                connection, worker_id=self._worker_id, messages=wanted, room=len(withdrawn)
            )
        telemetry.RUNS_RELEASED.inc(len(released))
        return claims

    def _fill(self, take: Take) -> tuple[list[Claimed], bool]:
        """Claim for the free slots, then for the margin; and whether the slots are all spoken for.

        The margin is kept for what is due at once: a run due in a while must not delay one that
        is due now.
        """
        free, room = self._run_queue.free_slots, self._run_queue.room
        claims: list[Claimed] = []
        if room:
            with self._engine.begin() as connection:
                if free:
                    claims = take(connection, free, None)
                if len(claims) == free and room > free:
                    claims += take(connection, room - free, DUE_NOW)
        return claims, len(claims) >= free

    def _look_again(self) -> None:
        """Pull again after a failed claim: its runs are still queued."""
        telemetry.DATABASE_ERRORS.inc()
        self._more_queued = True
        self._wanted.set()

    def _take_in(self, claims: Sequence[Claimed]) -> None:
        telemetry.RUNS_CLAIMED.inc(len(claims))
        self._run_queue.add(claims)
