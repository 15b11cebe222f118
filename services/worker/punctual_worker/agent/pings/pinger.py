"""Pinger: tell monitors outside of starts and ends, without delaying either.

Its threads start with the first ping, hold nothing of the database, and are not watched: a monitor
that hangs costs its own pings, and nothing else.
"""

import threading
from urllib.parse import urlsplit

import structlog

from punctual.domain.commands.addresses import parse_allowed
from punctual.domain.commands.pings import EVENT_OF, PingEvent, ping_address
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt
from punctual_worker.agent.pings.ping_queue import Ping, PingQueue

log = structlog.get_logger()

SENDERS = 4
PAUSES_SECONDS = (1.0, 5.0)
"""Between the tries of one ping, of which there is one more."""
STEP_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_BYTES = 64 * 1024
"""Of an answer, which no one reads."""


class PingFailed(Exception):
    """A monitor did not take a ping."""


class Pinger:
    """Sends the pings of this worker's attempts."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = parse_allowed(settings.http_allow_private)
        self._reach = settings.reach
        self._queue = PingQueue()
        self._starting = threading.Lock()
        self._started = False
        self._stop = threading.Event()

    def started(self, attempt: ActiveAttempt) -> None:
        """Take note of the start of a run, which its first attempt is."""
        if attempt.ping is not None and attempt.attempt == 1 and not attempt.start_pinged:
            attempt.start_pinged = True
            self._put(attempt, PingEvent.START, None)

    def ended(self, attempt: ActiveAttempt, state: str | None, exit_code: int | None) -> None:
        """Take note of the end of an attempt, after which its run is in that state."""
        event = EVENT_OF.get(state or "")
        if event is not None:
            self._put(attempt, event, exit_code)

    def close(self, seconds: float) -> None:
        """Send what waits, for so long."""
        if self._started and (left := self._queue.close(seconds)):
            telemetry.PINGS.labels("dropped").inc(left)
            log.warning("pings lost", pings=left)
        self._stop.set()

    def _put(self, attempt: ActiveAttempt, event: PingEvent, exit_code: int | None) -> None:
        address = ping_address(attempt.ping, event, run_id=attempt.run_id, exit_code=exit_code)
        if address is None or attempt.task_id is None:
            return
        host = urlsplit(address).hostname or ""
        if not self._queue.put(Ping(attempt.task_id, attempt.run_id, event, address, host)):
            telemetry.PINGS.labels("dropped").inc()
            log.warning("ping dropped", run_id=str(attempt.run_id), ping=event.value)
        elif not self._started:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if not self._started:
                self._started = True
                for number in range(SENDERS):
                    name = f"pings-{number}"
                    threading.Thread(target=self._send_all, name=name, daemon=True).start()

    def _send_all(self) -> None:
        while (ping := self._queue.take()) is not None:
            try:
                self._send(ping)
            finally:
                self._queue.done(ping)

    def _send(self, ping: Ping) -> None:
        for pause in (*PAUSES_SECONDS, None):
            try:
                self._request(ping.address)
            except Exception as error:  # noqa: BLE001 - no ping ends the thread that sends others
                if pause is None or self._stop.wait(pause):
                    telemetry.PINGS.labels("failed").inc()
                    log.warning(
                        "ping failed",
                        run_id=str(ping.run_id),
                        ping=ping.event,
                        host=ping.host,
                        error=str(error),
                    )
                    return
            else:
                telemetry.PINGS.labels("sent").inc()
                return

    def _request(self, address: str) -> None:
        """Make the request, by the rules of requests of tasks; raise what goes wrong."""
        # Imported by those that ping: libcurl takes some megabytes.
        import pycurl

        from punctual_worker.commands.http_transfer import Request, transfer

        url = pycurl.CurlUrl(address.encode())
        if (name := url.host) and not name.isascii():
            url.host = name.encode("idna")
        received = 0

        def count(piece: bytes) -> bool:
            nonlocal received
            received += len(piece)
            return received <= MOST_BYTES

        request = Request(
            "GET",
            url,
            {},
            None,
            STEP_SECONDS,
            pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            TOTAL_SECONDS,
        )
        head = transfer(
            request,
            allowed=self._allowed,
            reach=self._reach,
            on_head=lambda _: True,
            on_body=count,
        )
        if not 200 <= head.status < 300:
            raise PingFailed(f"answered {head.phrase}")
