"""Pruner: delete history past its retention, in steps too small to delay others."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine

from punctual.store.processes.coordinators import forget_silent
from punctual.store.processes.workers import forget_gone
from punctual.store.runs.prune import Pruned, prune
from punctual_coordinator.duties.drain import drain

STEP = 500
PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class PruneResult:
    """How many rows of each kind were deleted."""

    runs: int = 0
    tasks: int = 0
    idempotency_keys: int = 0
    tokens: int = 0
    access_tokens: int = 0
    invites: int = 0
    sessions: int = 0
    ledger: int = 0
    outages: int = 0
    workers: int = 0
    coordinators: int = 0
    audit_events: int = 0
    alert_events: int = 0
    alert_deliveries: int = 0
    alert_links: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


class Pruner:
    """Deletes step by step, with a pause between the steps, until nothing is left or `stop`."""

    def __init__(
        self,
        engine: Engine,
        stop: threading.Event,
        *,
        keep: timedelta,
        keep_audit: timedelta,
        step: int = STEP,
    ) -> None:
        self._engine = engine
        self._stop = stop
        self._keep = keep
        self._keep_audit = keep_audit
        self._step = step

    def run_once(self) -> PruneResult:
        """Delete what is past its retention by the database's clock."""
        with self._engine.begin() as connection:
            workers, coordinators = forget_gone(connection), forget_silent(connection)
        total: Counter[str] = Counter()
        for pruned in drain(
            self._engine.begin,
            self._prune,
            more=self._has_more,
        ):
            total.update(asdict(pruned))
        return PruneResult(
            runs=total["runs"],
            tasks=total["tasks"],
            idempotency_keys=total["idempotency_keys"],
            tokens=total["tokens"],
            access_tokens=total["access_tokens"],
            invites=total["invites"],
            sessions=total["sessions"],
            ledger=total["ledger"],
            outages=total["outages"],
            workers=workers,
            coordinators=coordinators,
            audit_events=total["audit_events"],
            alert_events=total["alert_events"],
            alert_deliveries=total["alert_deliveries"],
            alert_links=total["alert_links"],
        )

    def _prune(self, connection: Connection) -> Pruned:
        return prune(
            connection, keep=self._keep, keep_audit=self._keep_audit, batch_size=self._step
        )

    def _has_more(self, pruned: Pruned) -> bool:
        """Return whether a step was full, after a pause; False once this process stops."""
        full = max(asdict(pruned).values()) >= self._step
        return full and not self._stop.wait(PAUSE_SECONDS)
