"""Outbox: a thread that writes and sends letters one after another, apart from all requests."""

import atexit
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter
from punctual.ops import telemetry
from punctual_api.http.bounded_calls import TooManyCalls
from punctual_api.mail.limits import MailCount

log = structlog.get_logger()

MOST_WAITING = 200
RETRY_SECONDS = (10.0, 60.0, 300.0)
"""After a failure that may pass; a letter that fails once more is given up."""
STOP_SECONDS = 3.0
"""How long the end of the process waits for what is to be sent now."""


@dataclass(slots=True)
class Job:
    """A letter to be sent, or first to be written: `write` may return None for no letter.

    It is written after `delay_seconds`, unless the process ends before. `count` is what it counts
    while it is written, given back where it is not sent.
    """

    kind: str
    write: Callable[[], Letter | None]
    request_id: str = ""
    delay_seconds: float = 0.0
    letter: Letter | None = None
    failures: int = 0
    count: MailCount | None = None

    def give_back(self) -> None:
        """Let the letter count no longer."""
        if self.count is not None:
            self.count.give_back()


class Outbox:
    """Sends in the background what waits in memory; what waits is lost when the process dies."""

    def __init__(self, deliver: Callable[[Letter], None]) -> None:
        self._deliver = deliver
        self._waiting: list[tuple[float, int, Job]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def put(self, job: Job) -> None:
        """Have a letter sent, unless too many wait already."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                _count(job.kind, "dropped")
                log.warning("mail queue full", kind=job.kind)
                return  # not written, so not counted
            self._add(job, time.monotonic() + job.delay_seconds)
            if self._thread is None:  # not before: no thread crosses the fork of a server
                self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def stop(self) -> None:
        """Send what was not tried yet, for a moment, and end the thread."""
        with self._changed:
            self._is_stopping = True
            self._waiting = [
                (due if job.failures else 0.0, number, job) for due, number, job in self._waiting
            ]
            heapq.heapify(self._waiting)
            self._changed.notify()
            thread = self._thread
        atexit.unregister(self.stop)
        if thread is not None:
            thread.join(STOP_SECONDS)
        if self._waiting:
            log.warning("mails lost", mails=len(self._waiting))
        for _, _, job in self._waiting:
            job.give_back()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            with structlog.contextvars.bound_contextvars(request_id=job.request_id):
                self._carry_out(job)

    def _next(self) -> Job | None:
        """Return the next job when it is due; None when none is left and the process stops."""
        with self._changed:
            while True:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)[2]
                if self._is_stopping:
                    return None
                self._changed.wait(wait)

    def _carry_out(self, job: Job) -> None:
        try:
            job.letter = job.letter or job.write()
            if job.letter is None:
                return
            self._deliver(job.letter)
        except (MailFailed, TimeoutError, TooManyCalls) as error:
            is_temporary = not isinstance(error, MailFailed) or error.is_temporary
            reason = str(error) or "earlier mails are still being sent"
            self._fail(job, reason, is_temporary, counts=_counts(error))
        except Exception as error:  # noqa: BLE001 - logged; the next letter is none the worse
            self._fail(job, repr(error), is_temporary=True)
        else:
            _count(job.kind, "sent")
            log.info("mail sent", kind=job.kind)

    def _fail(self, job: Job, reason: str, is_temporary: bool, *, counts: bool = False) -> None:
        """Try again later, or give up; a letter that waits for another try counts."""
        if job.letter is None:  # it is counted again when it is written again
            job.give_back()
        if not is_temporary or job.failures == len(RETRY_SECONDS):
            if not counts:
                job.give_back()
            _count(job.kind, "failed")
            log.error("mail not sent", kind=job.kind, reason=reason)
            return
        seconds = RETRY_SECONDS[job.failures]
        job.failures += 1
        log.warning("mail delayed", kind=job.kind, reason=reason, seconds=seconds)
        with self._changed:
            self._add(job, time.monotonic() + seconds)

    def _add(self, job: Job, due: float) -> None:
        heapq.heappush(self._waiting, (due, next(self._number), job))
        self._changed.notify()


def _counts(error: Exception) -> bool:
    """Return whether a letter counts that failed so.

    It does where the server was asked about an address and refused it, so that addresses cannot be
    tried out without a limit, and where it is not known yet whether the letter will be sent.
    """
    return isinstance(error, TimeoutError) or getattr(error, "is_of_recipient", False)


def _count(kind: str, outcome: str) -> None:
    telemetry.MAILS.labels(kind, outcome).inc()
