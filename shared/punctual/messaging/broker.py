"""The Dramatiq broker, set up so that Redis carries hints and nothing is lost with it.

No middleware at all: the database owns retries, deadlines and recovery. No delay queues: a
delayed message that comes due while Redis is down ends its consumer for good.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import BrokerConnectionError

from punctual.domain.runs.queue import DEFAULT_QUEUE
from punctual.messaging.hints import ACTOR, Pair, encode, parcels, redis_queue
from punctual.messaging.socket_limits import with_socket_limits
from punctual.ops import telemetry

log = structlog.get_logger()

IDLE_POLL_SECONDS = 0.5
"""An idle consumer looks at its queue this often; a push wakes it at once."""


class Broker(RedisBroker):
    """A Redis broker without delay queues, whose idle consumers wake at each push."""

    def __init__(self, url: str, *, namespace: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Dramatiq leaves it untyped
            url=with_socket_limits(url), middleware=[], namespace=namespace
        )
        self.pushed = threading.Event()
        self.wanted: Callable[[], bool] = _always
        """Whether this process should fetch now, or leave messages to the others for now."""
        self.fetched: Callable[[str], None] = _ignore
        """Called with the queue's name whenever its consumer turns, idle or not."""
        self.wake_channel = f"{namespace}:pushed"
        self._noting = threading.Lock()
        self._away = False

    @property
    def consumer_class(self) -> type[_RedisConsumer]:
        """Return the consumer class that Dramatiq's worker reads a queue with."""
        return _WakingConsumer

    def declare_queue(self, queue_name: str) -> None:
        """Have `queue_name` consumed; no delay queue goes with it."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def publish(
        self, pairs: Sequence[Pair], *, workers: int = 1, queue: str = DEFAULT_QUEUE
    ) -> int:
        """Send (run id, fence) pairs in order to the `workers` of a queue; return how many.

        Raises redis.RedisError; then some may have been sent, which does no harm.
        """
        sent, where = 0, redis_queue(queue)
        try:
            for parcel in parcels(pairs, workers=workers):
                arguments = (encode(parcel),)
                self.enqueue(dramatiq.Message(where, ACTOR, arguments, kwargs={}, options={}))
                sent += len(parcel)
            if sent:
                self.client.publish(self.wake_channel, "")
        except redis.RedisError as error:
            self.note_failure(error)
            raise
        if sent:
            self.note_answer()
        return sent

    def note_failure(self, error: Exception) -> None:
        """Record a failure of Redis; log it once an outage."""
        telemetry.REDIS_ERRORS.inc()
        with self._noting:
            first, self._away = not self._away, True
        if first:
            log.warning("queue connection lost", error=str(error))

    def note_answer(self) -> None:
        """Record a success of Redis; log the end of an outage."""
        if not self._away:
            return
        with self._noting:
            came_back, self._away = self._away, False
        if came_back:
            log.info("queue connection restored")

    def ping(self) -> None:
        """Raise redis.RedisError unless Redis answers."""
        self.client.ping()

    def listen(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Wake this process's idle consumers at each push, until `stop` is set.

        `turned` is called every few seconds, whether anything is pushed or not.
        """
        while not stop.is_set():
            turned()
            try:
                with self.client.pubsub(ignore_subscribe_messages=True) as subscription:
                    subscription.subscribe(self.wake_channel)
                    self.pushed.set()  # what came before the subscription
                    while not stop.is_set():
                        turned()
                        if subscription.get_message(timeout=1.0) is not None:
                            self.pushed.set()
            except redis.RedisError:
                telemetry.REDIS_ERRORS.inc()
                stop.wait(1.0)  # polling goes on


class _WakingConsumer(_RedisConsumer):
    """Dramatiq's consumer, whose idle wait ends when the broker is notified of a push."""

    broker: Broker

    def __init__(self, broker: Broker, queue_name: str, prefetch: int, timeout: int) -> None:
        # Dramatiq sleeps up to `timeout` ms after an empty fetch; the waiting is done below.
        super().__init__(broker, queue_name, prefetch, min(timeout, 1))  # type: ignore[no-untyped-call]

    def __next__(self) -> Any:
        self.broker.fetched(self.queue_name)
        self.broker.pushed.clear()
        if not (self.message_cache or self.broker.wanted()):
            self.broker.pushed.wait(IDLE_POLL_SECONDS)
            return None
        try:
            message = super().__next__()  # type: ignore[no-untyped-call]
        except BrokerConnectionError as error:
            self.broker.note_failure(error)
            raise
        except redis.RedisError as error:  # it answers, and refuses: its disk is full, say
            self.broker.note_failure(error)
            raise BrokerConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        self.broker.note_answer()
        if message is None:
            self.broker.pushed.wait(IDLE_POLL_SECONDS)
        return message


def _always() -> bool:
    return True


def _ignore(_queue: str) -> None:
    return
