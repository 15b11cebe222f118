"""Team waits: the times in which a team had all unfinished runs that it may have."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import RunState
from punctual.store.lifecycle.insert import NewRun

KEEP = timedelta(hours=1)
"""How long a wait that is over is remembered: its due times are planned in the passes after it."""


@dataclass(slots=True)
class Wait:
    """A time in which nothing of a team was planned, `until` when it was last seen full."""

    since: datetime
    until: datetime


# Whatever the index holds, an entry takes six bytes or more of it, those that share a task's key
# too: while it is smaller, the runs need not be counted.
FULL = text("""
SELECT ARRAY(
    SELECT team_id FROM runs
    WHERE (SELECT pg_relation_size('ix_runs_unfinished') >= CAST(:most AS bigint) * 6)
      AND state IN ('scheduled', 'queued', 'claimed', 'running')
    GROUP BY team_id HAVING count(*) >= :most
) AS teams, now() AS now
""")


def full_teams(connection: Connection, *, most: int) -> tuple[list[uuid.UUID], datetime]:
    """Return the teams that have `most` unfinished runs or more, and the time."""
    row = connection.execute(FULL, {"most": most}).one()
    return row.teams, row.now


class TeamWaits:
    """The waits that one coordinator has seen."""

    def __init__(self) -> None:
        self.waits: dict[uuid.UUID, Wait] = {}
        self.full: frozenset[uuid.UUID] = frozenset()

    def note(self, full: Collection[uuid.UUID], *, now: datetime) -> frozenset[uuid.UUID]:
        """Note which teams are full now; return those that have just become it."""
        became = frozenset(full) - self.full
        self.full = frozenset(full)
        for team_id in full:
            if team_id in became or team_id not in self.waits:
                self.waits[team_id] = Wait(now, now)
            self.waits[team_id].until = now
        for team_id in [one for one, wait in self.waits.items() if wait.until < now - KEEP]:
            del self.waits[team_id]
        return became

    def explained(self, run: NewRun, team_id: uuid.UUID) -> NewRun:
        """Return a run of the team; a missed one that was due while the team waited says so."""
        wait = self.waits.get(team_id)
        last = run.until or run.due_at
        if run.state != RunState.MISSED or wait is None or not wait.since <= last <= wait.until:
            return run
        many = {} if run.until is None else {"times": run.times, "last": run.until}
        reason = coded(ReasonCode.TEAM_LIMIT, since=wait.since, until=wait.until, **many)
        return replace(run, reason=reason)
