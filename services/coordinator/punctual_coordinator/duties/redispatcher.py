"""Redispatcher: publish queued runs again that no worker has claimed."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from punctual.ops import telemetry
from punctual.store.lifecycle.dispatch import Queued, redispatch
from punctual_coordinator.duties.dispatcher import Dispatcher, DispatchResult

log = structlog.get_logger()


class Redispatcher:
    """Publishes under the same fence, so that the first message still counts if it comes late.

    It shares the dispatcher's batch size and its rest from a Redis that does not answer.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def run_once(self, *, now: datetime | None = None) -> DispatchResult:
        """Publish every queued run whose wait for a claim is over."""

        def queue(connection: Connection, size: int) -> list[Queued]:
            return redispatch(connection, batch_size=size, now=now)

        result = self._dispatcher.drain(queue, telemetry.RUNS_REDISPATCHED)
        if result.runs:
            log.info("runs published again", runs=result.runs, published=result.published)
        return result
