"""Follower: create runs of tasks whose upstream tasks have all ended."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from punctual.store.lifecycle.follow import follow
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()

BATCH = 200


@dataclass(frozen=True, slots=True)
class FollowResult:
    """How many runs were created."""

    made: int = 0


class Follower:
    """Creates runs batch by batch."""

    def __init__(self, engine: Engine, *, batch: int = BATCH) -> None:
        self._engine = engine
        self._batch = batch

    def run_once(self) -> FollowResult:
        """Make every run that is to follow now."""
        batches = drain(
            self._engine.begin,
            lambda connection: follow(connection, batch_size=self._batch),
            more=lambda runs: len(runs) >= self._batch,
        )
        made = sum(len(runs) for runs in batches)
        if made:
            log.info("downstream runs created", runs=made)
        return FollowResult(made)
