"""Dispatcher: queue the runs that are due soon and notify workers, again if need be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from prometheus_client import Counter
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from punctual.domain.batch_size import BatchSize
from punctual.messaging.broker import Broker
from punctual.messaging.hints import Pair
from punctual.ops import telemetry
from punctual.store.lifecycle.dispatch import Queued, dispatch, redispatch
from punctual.store.processes.workers import count_active
from punctual_coordinator.liveness.database_contact import clock

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """How many runs were queued (or still were), and how many of these Redis took."""

    runs: int = 0
    published: int = 0


class Dispatcher:
    """Queues in short transactions, and publishes each batch after its commit, never before.

    What Redis does not take is not tried again here: re-dispatch and the workers' own pull heal
    it. Time lost on a Redis that does not answer is made up for by as long a rest from it.
    """

    def __init__(
        self, engine: Engine, broker: Broker, *, window: timedelta, batch: int = BATCH
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._window = window
        self._size = BatchSize(batch)
        self._rest_until = 0.0

    def run_once(self, *, now: datetime | None = None) -> Report:
        """Queue and publish every run that is due within the window."""

        def queue(connection: Connection, size: int) -> list[Queued]:
            return dispatch(connection, window=self._window, limit=size, now=now)

        return self._drain(queue, telemetry.RUNS_DISPATCHED)

    def again(self, *, now: datetime | None = None) -> Report:
        """Publish once more, under the same fence, the queued runs that no worker has claimed."""

        def queue(connection: Connection, size: int) -> list[Queued]:
            return redispatch(connection, limit=size, now=now)

        return self._drain(queue, telemetry.RUNS_REDISPATCHED)

    def _drain(self, queue: Callable[[Connection, int], list[Queued]], counter: Counter) -> Report:
        runs = published = 0
        redis_answers = True
        while True:
            size = self._size.now
            try:
                with self._engine.begin() as connection:
                    queued = queue(connection, size)
                    workers = count_active(connection) if queued else {}
            except DBAPIError:
                self._size.failed(size)
                raise
            self._size.went_well()
            counter.inc(len(queued))
            runs += len(queued)
            if queued and redis_answers:
                sent = self._publish(queued, workers)
                redis_answers = sent == len(queued)
                published += sent
            if len(queued) < size:
                return Report(runs=runs, published=published)

    def _publish(self, queued: list[Queued], workers: Mapping[str, int]) -> int:
        began, sent = clock(), 0
        if began < self._rest_until:
            return 0
        pairs: dict[str, list[Pair]] = {}
        for run in queued:
            pairs.setdefault(run.queue, []).append((run.run_id, run.fence))
        try:
            for queue, named in pairs.items():
                many = workers.get(queue, 0)
                sent += self._broker.publish(named, workers=many, queue=queue)
        except redis.RedisError:  # the broker has logged it
            self._rest_until = clock() + 2 * (clock() - began)
        return sent
