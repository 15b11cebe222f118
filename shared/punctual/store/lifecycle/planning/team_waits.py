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

GOES_ON = timedelta(seconds=30)
"""A team that was seen full less than this ago waits still: every sweep looks."""


@dataclass(slots=True)
class Wait:
    """A time in which nothing of a team was planned, as it had `most` unfinished runs.

    `until` is when it was last seen full.
    """

    since: datetime
    until: datetime
    most: int


# All coordinators note the same waits, and one that starts anew goes on with them.
NOTE = text("""
INSERT INTO team_waits (team_id, since, until, most)
SELECT id, :now, :now, :most FROM teams WHERE id = ANY(:teams) ORDER BY id
ON CONFLICT (team_id) DO UPDATE SET
    since = CASE WHEN team_waits.team_id = ANY(:became)
                      AND team_waits.until < :now - CAST(:goes_on AS interval) THEN :now
                 ELSE team_waits.since END,
    until = greatest(team_waits.until, :now), most = :most
""")

FORGET = text("DELETE FROM team_waits WHERE until < :before")

WAITS = text("SELECT team_id, since, until, most FROM team_waits")

WAIT = text("SELECT since, until, most FROM team_waits WHERE team_id = :team_id AND until > :after")

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


def wait_of(connection: Connection, team_id: uuid.UUID, *, now: datetime) -> Wait | None:
    """Return the wait of a team of which nothing is planned now; None for any other."""
    params = {"team_id": team_id, "after": now - GOES_ON}
    row = connection.execute(WAIT, params).one_or_none()
    return None if row is None else Wait(*row)


class TeamWaits:
    """The waits that coordinators have noted, and which teams this one saw full at last."""

    def __init__(self) -> None:
        self.waits: dict[uuid.UUID, Wait] = {}
        self.full: frozenset[uuid.UUID] = frozenset()

    def note(
        self, connection: Connection, full: Collection[uuid.UUID], *, most: int, now: datetime
    ) -> frozenset[uuid.UUID]:
        """Note which teams are full now; return those that have just become it."""
        became = frozenset(full) - self.full
        self.full = frozenset(full)
        if full:
            params = {"teams": sorted(full), "became": sorted(became), "most": most, "now": now}
            connection.execute(NOTE, {**params, "goes_on": GOES_ON})
        self.waits = {row.team_id: Wait(*row[1:]) for row in connection.execute(WAITS)}
        if any(wait.until < now - KEEP for wait in self.waits.values()):
            connection.execute(FORGET, {"before": now - KEEP})
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
