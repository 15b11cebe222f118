"""Outage detector: record an outage when a coordinator is back after a gap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from punctual.store.outages.outages import note_break, note_gap, note_pass

log = structlog.get_logger()

GAP_SECONDS = 60.0
"""Passes this far apart are an outage; with slower sweeps, three sweeps are."""

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class OutageResult:
    """How long the gap was that has just ended; 0 when there was none."""

    gap_seconds: float = 0.0


class OutageDetector:
    """Checks before a pass when the last one was, and marks each finished pass."""

    def __init__(self, engine: Engine, *, sweep_seconds: float, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._lease = lease
        self._min_gap = timedelta(seconds=max(GAP_SECONDS, 3 * sweep_seconds))

    def run_once(self, *, now: datetime | None = None) -> OutageResult:
        """Keep a gap that has just ended as an outage, and a shorter stop as a break."""
        with self._engine.begin() as connection:
            gap = note_gap(connection, min_gap=self._min_gap, now=now)
            note_break(connection, lease=self._lease, now=now)
        if gap is None:
            return OutageResult()
        seconds = (gap.to_at - gap.from_at).total_seconds()
        log.warning("outage detected", since=gap.from_at.isoformat(), seconds=seconds)
        return OutageResult(gap_seconds=seconds)

    def mark_pass(self) -> None:
        """Mark that what was due is planned and dispatched, or a batch of it."""
        with self._engine.begin() as connection:
            note_pass(connection)
