"""Request exchange: add the counts of this process to those of all others, in Redis."""

import threading

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from punctual.messaging.socket_limits import with_socket_limits
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual_api.limits.request_counts import WINDOW_SECONDS, RequestCounts

log = structlog.get_logger()

EXCHANGE_SECONDS = 0.25
"""The least time between two exchanges; what came in by then goes in one."""
ANSWER_SECONDS = 0.5
AWAY_SECONDS = 5.0
"""After an error, Redis is not used for this long."""


class RequestExchange:
    """Exchanges counts in a thread of its own, so that no request waits for Redis.

    Its thread starts with the first request, and waits while there is none.
    """

    def __init__(self, counts: RequestCounts, settings: Settings) -> None:
        self._counts = counts
        self._prefix = f"{settings.namespace}-requests"
        self._redis = redis.Redis.from_url(
            with_socket_limits(settings.redis_url, seconds=ANSWER_SECONDS),
            retry=Retry(NoBackoff(), 0),
        )
        self._wanted = threading.Event()
        self._pause = threading.Event()  # never set: a wait that only the time ends
        self._starting = threading.Lock()
        self._started = False
        self._away = False

    def wake(self) -> None:
        """Have what was counted exchanged soon."""
        if not self._started:
            self._start()
        if not self._wanted.is_set():
            self._wanted.set()

    def run_once(self) -> bool:
        """Exchange what was counted since the last time; return whether Redis answered."""
        sent = self._counts.unsent()
        if not sent:
            return True
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for one in sent:
                    key = f"{self._prefix}:{one.sender}:{one.minute}"
                    pipeline.incrby(key, one.requests)
                    pipeline.expire(key, 2 * WINDOW_SECONDS)
                totals = pipeline.execute()[::2]
        except redis.RedisError as error:
            self._counts.note(sent, None)
            telemetry.REDIS_ERRORS.inc()
            first, self._away = not self._away, True
            if first:
                log.warning("requests counted in memory", error=str(error))
            return False
        self._counts.note(sent, totals)
        came_back, self._away = self._away, False
        if came_back:
            log.info("requests counted in Redis again")
        return True

    def _start(self) -> None:
        with self._starting:
            if not self._started:
                threading.Thread(target=self._run, name="request-exchange", daemon=True).start()
                self._started = True

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            answered = self.run_once()
            self._pause.wait(EXCHANGE_SECONDS if answered else AWAY_SECONDS)
