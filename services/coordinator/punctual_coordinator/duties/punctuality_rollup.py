"""Roll up the start tallies of finished attempts into daily on-time counts."""

from dataclasses import dataclass

from sqlalchemy import Engine

from punctual.store.runs.punctuality import fold
from punctual_coordinator.duties.drain import drain

BATCH = 5000


@dataclass(frozen=True, slots=True)
class RollupResult:
    """How many tallies were added to their days."""

    tallies: int = 0


class PunctualityRollup:
    """Folds batch by batch; several coordinators share the work, as each skips locked tallies."""

    def __init__(self, engine: Engine, *, batch: int = BATCH) -> None:
        self._engine = engine
        self._batch = batch

    def run_once(self) -> RollupResult:
        """Fold every tally that is there."""
        batches = drain(
            self._engine.begin,
            lambda connection: fold(connection, batch_size=self._batch),
            more=lambda tallies: tallies >= self._batch,
        )
        return RollupResult(sum(batches))
