"""Zone changes: recompute due times when the rules of their time zone have changed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from punctual.domain.schedules.zone_rules import zone_fingerprint
from punctual.store.lifecycle.planning.zone_changes import (
    follow_calendars,
    keep_rules,
    known_rules,
    move_tasks,
    zones_in_use,
)
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ZoneResult:
    """How many tasks were checked."""

    tasks: int = 0


class ZoneWatch:
    """Compares this machine's rules to those that the stored due times follow, once.

    A process reads a zone's rules once, so they cannot change before its next start. Of several
    coordinators with different rules, the one that started last decides; another one plans a due
    time by its own rules when it comes up, and none of them changes what is stored again before
    it is started anew.
    """

    def __init__(
        self, engine: Engine, *, fingerprint: Callable[[str], str | None] = zone_fingerprint
    ) -> None:
        self._engine = engine
        self._fingerprint = fingerprint
        self._done = False

    def run_once(self) -> ZoneResult:
        """Compare them once; a zone that is unknown here stays as it is."""
        if self._done:
            return ZoneResult()
        with self._engine.begin() as connection:
            known, used = known_rules(connection), zones_in_use(connection)
        looked_at = 0
        for zone in used:
            fingerprint = self._fingerprint(zone)
            if fingerprint is None or known.get(zone) == fingerprint:
                continue
            if known:  # on the first start with this table there is nothing to compare to
                looked_at += self._move(zone)
            with self._engine.begin() as connection:
                keep_rules(connection, zone=zone, fingerprint=fingerprint)
        self._done = True
        return ZoneResult(looked_at)

    def _move(self, zone: str) -> int:
        moved: list[uuid.UUID] = []
        for tasks in drain(
            sessionmaker(self._engine).begin,
            lambda session: move_tasks(session, zone=zone, after=moved[-1] if moved else None),
            more=bool,
        ):
            moved.extend(tasks)
        with Session(self._engine) as session, session.begin():
            follow_calendars(session, zone=zone)
        log.warning("time zone rules changed", zone=zone, tasks=len(moved))
        return len(moved)
