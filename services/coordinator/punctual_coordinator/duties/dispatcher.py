"""Dispatcher: queue the runs that are due soon and notify workers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import redis
from prometheus_client import Counter
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from punctual.domain.batch_size import BatchSize
from punctual.messaging.broker import Broker
from punctual.messaging.hints import Pair
from punctual.ops import telemetry
from punctual.store.lifecycle.dispatch import Queued, dispatch
from punctual.store.processes.workers import count_active
from punctual_coordinator.duties.drain import drain
from punctual_coordinator.liveness.database_contact import clock

BATCH = 1000


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """How many runs were queued (or still were), and how many of these Redis took."""

    runs: int = 0
    published: int = 0


class _Batch(NamedTuple):
    """Runs that one transaction of at most `size` has queued, and each queue's workers."""

    queued: list[Queued]
    workers: Mapping[str, int]
    size: int

    def is_full(self) -> bool:
        """Return whether more may be left to queue."""
        return len(self.queued) >= self.size


class Dispatcher:
    """Queues in short transactions, and publishes each batch after its commit, never before.

    What Redis does not take is not tried again here: re-dispatch and the workers' own pull repair
    it. After a Redis timeout, publishing stops for twice the time that the timeout took.
    """

    def __init__(
        self, engine: Engine, broker: Broker, *, window: timedelta, batch: int = BATCH
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._window = window
        self._size = BatchSize(batch)
        self._rest_until = 0.0

    def run_once(self, *, now: datetime | None = None) -> DispatchResult:
        """Queue and publish every run that is due within the window."""

        def queue(connection: Connection, size: int) -> list[Queued]:
            return dispatch(connection, window=self._window, batch_size=size, now=now)

        return self.drain(queue, telemetry.RUNS_DISPATCHED)

    def drain(
        self, queue: Callable[[Connection, int], list[Queued]], counter: Counter
    ) -> DispatchResult:
        """Publish what `queue` returns, batch by batch, until nothing is left to queue."""
        runs = published = 0
        redis_answers = True

        def one_batch(opened: tuple[Connection, int]) -> _Batch:
            connection, size = opened
            queued = queue(connection, size)
            return _Batch(queued, count_active(connection) if queued else {}, size)

        for batch in drain(self._begin, one_batch, more=_Batch.is_full):
            counter.inc(len(batch.queued))
            runs += len(batch.queued)
            if batch.queued and redis_answers:
                sent = self._publish(batch.queued, batch.workers)
                redis_answers = sent == len(batch.queued)
                published += sent
        return DispatchResult(runs=runs, published=published)

    @contextmanager
    def _begin(self) -> Iterator[tuple[Connection, int]]:
        """Open a transaction; yield it and how many runs it is to take on."""
        size = self._size.now
        try:
            with self._engine.begin() as connection:
                yield connection, size
        except DBAPIError:
            self._size.failed(size)
            raise
        self._size.went_well()

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
