"""Roll up the start tallies of finished attempts into daily on-time counts."""

from dataclasses import dataclass

from sqlalchemy import Engine

from punctual.store.runs.punctuality import fold

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Report:
    """How many tallies were added to their days."""

    tallies: int = 0


class Folder:
    """Folds batch by batch; several coordinators share the work, as each skips locked tallies."""

    def __init__(self, engine: Engine, *, batch: int = BATCH) -> None:
        self._engine = engine
        self._batch = batch

    def run_once(self) -> Report:
        """Fold every tally that is there."""
        tallies = 0
        while True:
            with self._engine.begin() as connection:
                taken = fold(connection, limit=self._batch)
            tallies += taken
            if taken < self._batch:
                return Report(tallies)
