"""The notifier, put together: threads that claim messages one by one, and what wakes them."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import dramatiq
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.domain.commands.addresses import parse_allowed
from punctual.messaging.alerts import ACTOR, QUEUE
from punctual.messaging.broker import Broker
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.ops.mail_settings import mail_config
from punctual.ops.sealing import OpeningKeys
from punctual.store.alerts.sending import Claimed, Outcome, claim, count_waiting, end_attempt
from punctual.store.driver.engine import make_engine
from punctual.store.driver.listen import listen
from punctual.store.driver.notify import ALERT_CHANNEL
from punctual_worker.notifier.limits import WHOLE_SECONDS
from punctual_worker.notifier.safe_connect import check_addresses
from punctual_worker.notifier.sender import Means, Sender

log = structlog.get_logger()

THREADS = 16
"""Messages that are sent at once, each to another channel."""
STOP_SECONDS = WHOLE_SECONDS + 3
SILENT_SECONDS = 60.0
"""Without a look at the database for so long, a notifier is not ready."""
UNEXPECTED = "the notifier failed: see its log"

Clock = Callable[[], datetime]


def database_clock() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)


class Notifier:
    """Sends what is due; any number of equal notifiers share the work."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._engine = make_engine(settings.database_url, service="notifier")
        self._broker = Broker(settings.redis_url, namespace=settings.namespace)
        allowed = parse_allowed(settings.http_allow_private)
        check_addresses(allowed)
        means = Means(
            self._engine,
            OpeningKeys(settings.secrets_private_key),
            mail_config(settings),
            settings.public_url.rstrip("/"),
            allowed,
        )
        self._crew = Crew(self._engine, Sender(means), stop)
        self._looked_at = time.monotonic()

    def trouble(self) -> list[str]:
        """Return why this notifier is not ready; empty: it is."""
        silent = time.monotonic() - self._looked_at
        if silent > SILENT_SECONDS:
            return [f"the database was not read for {silent:.0f} s"]
        return []

    def run(self) -> None:
        """Send until `stop` is set, and end the attempts under way."""
        crew = self._crew

        @dramatiq.actor(broker=self._broker, actor_name=ACTOR, queue_name=QUEUE)
        def deliver(_ids: object) -> None:
            crew.wake()

        consumer = dramatiq.Worker(self._broker, worker_threads=1, worker_timeout=500)
        consumer.start()
        for name, work in (("wake-ups", self._listen), ("pushes", self._listen_for_pushes)):
            threading.Thread(target=work, name=name, daemon=True).start()
        log.info("notifier started")
        while True:
            self._look()
            if self._stop.wait(self._settings.sweep_seconds):
                break
        crew.finish()
        threading.Thread(target=consumer.stop, args=(1000,), daemon=True).start()
        self._broker.close()
        self._engine.dispose()
        log.info("notifier stopped")

    def _look(self) -> None:
        """Find what no message from Redis has named, and count what waits."""
        try:
            with self._engine.begin() as connection:
                telemetry.ALERTS_WAITING.set(count_waiting(connection))
        except SQLAlchemyError as error:
            telemetry.DATABASE_ERRORS.inc()
            log.warning("deliveries not read", error=type(error).__name__)
            return
        self._looked_at = time.monotonic()
        self._crew.wake()

    def _listen(self) -> None:
        url = self._settings.database_url
        for _ in listen(
            url, ALERT_CHANNEL, service="notifier", stop=self._stop, turned=lambda: None
        ):
            self._crew.wake()

    def _listen_for_pushes(self) -> None:
        self._broker.listen(self._stop, lambda: None)


class Crew:
    """Threads that claim and send: as many as there are messages, at most THREADS."""

    def __init__(
        self,
        engine: Engine,
        sender: Sender,
        stop: threading.Event,
        *,
        clock: Clock = database_clock,
    ) -> None:
        self._engine = engine
        self._sender = sender
        self._stop = stop
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        self._claiming = threading.Lock()
        self._counting = threading.Lock()
        self._active = 0

    def wake(self) -> None:
        """Have one more thread look for a message, unless all are at work."""
        with self._counting:
            if self._active >= THREADS or self._stop.is_set():
                return
            self._active += 1
        self._pool.submit(self._work)

    def finish(self) -> None:
        """Wait for the attempts under way."""
        waiting = threading.Thread(target=self._pool.shutdown, daemon=True)
        waiting.start()
        waiting.join(STOP_SECONDS)

    def deliver_next(self) -> bool:
        """Send the message that is due first; return False without any."""
        with self._claiming, self._engine.begin() as connection:
            claimed = claim(connection)
        if claimed is None:
            return False
        self.wake()  # another thread may send the next one
        self._deliver(claimed)
        return True

    def _work(self) -> None:
        try:
            while not self._stop.is_set() and self.deliver_next():
                pass
        except SQLAlchemyError as error:
            telemetry.DATABASE_ERRORS.inc()
            log.warning("delivery not recorded", error=type(error).__name__)
        finally:
            with self._counting:
                self._active -= 1

    def _deliver(self, claimed: Claimed) -> None:
        began, at = time.monotonic(), self._clock()
        try:
            outcome = self._sender.send(claimed, now=at)
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("delivery failed", delivery_id=str(claimed.id))
            outcome = Outcome(False, UNEXPECTED)
        seconds = time.monotonic() - began
        with self._engine.begin() as connection:
            state = end_attempt(
                connection,
                claimed,
                outcome,
                at=at,
                latency_ms=seconds * 1000,
                now=self._clock(),
                share=random.random(),  # noqa: S311 - spreads attempts, and is no secret
            )
        kind = "admins" if claimed.channel is None else claimed.channel.kind.value
        result = {"waiting": "retried", None: "superseded"}.get(state, state)
        telemetry.ALERT_DELIVERIES.labels(kind, result).inc()
        telemetry.ALERT_SECONDS.labels(kind).observe(seconds)
        if state == "failed" and claimed.kind != "test":
            log.warning("delivery given up", delivery_id=str(claimed.id), attempts=claimed.attempt)
