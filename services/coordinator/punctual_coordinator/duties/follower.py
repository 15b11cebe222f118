"""The follower: has tasks run after those before them have ended."""

import structlog
from sqlalchemy import Engine

from punctual.store.lifecycle.follow import follow

log = structlog.get_logger()

BATCH = 200


class Follower:
    """Makes the runs of tasks whose upstream tasks have all ended, batch by batch."""

    def __init__(self, engine: Engine, *, batch: int = BATCH) -> None:
        self._engine = engine
        self._batch = batch

    def run_once(self) -> int:
        """Make every run that is to follow now; answers how many."""
        made = 0
        while True:
            with self._engine.begin() as connection:
                runs = follow(connection, limit=self._batch)
            made += len(runs)
            if len(runs) < self._batch:
                break
        if made:
            log.info("runs followed", runs=made)
        return made
