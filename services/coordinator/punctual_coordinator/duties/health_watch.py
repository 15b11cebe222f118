"""Health watch: note what no end of a run shows: tasks that are late, and what an outage did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from punctual.domain.runs.health import LATE_AFTER
from punctual.store.health.late import note_late
from punctual.store.outages.events import report_outages

log = structlog.get_logger()

BATCH = 1000


@dataclass(frozen=True, slots=True)
class HealthWatchResult:
    """How many tasks became late, how many no longer are, and the events of outages."""

    late: int
    in_time_again: int
    outages: int


class HealthWatch:
    """Two short transactions, which skip what another coordinator has locked."""

    def __init__(self, engine: Engine, *, late_after: timedelta = LATE_AFTER) -> None:
        self._engine = engine
        self._late_after = late_after

    def run_once(self, *, now: datetime | None = None) -> HealthWatchResult:
        """Record events for tasks that are late and for outages whose due times are settled."""
        with self._engine.begin() as connection:
            late = note_late(connection, after=self._late_after, batch_size=BATCH, now=now)
        with self._engine.begin() as connection:
            outages = report_outages(connection, now=now)
        if late.begun:
            log.warning("tasks late", tasks=late.begun)
        return HealthWatchResult(late.begun, late.ended, outages)
