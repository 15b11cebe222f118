"""Outages: record gaps between two scheduling passes, and list what became of their due times."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.processes.coordinator_stops import Stop, keep_stop
from punctual.store.schema.models.model import new_id

MARK_PASS = text("""
INSERT INTO last_pass (at) VALUES (clock_timestamp())
ON CONFLICT (id) DO UPDATE SET at = greatest(last_pass.at, excluded.at)
""")

# Of several coordinators that come back at once, the first one finds the gap and closes it.
GAP = text("""
WITH gap AS (
    SELECT at FROM last_pass WHERE at < coalesce(:now, clock_timestamp()) - :min_gap FOR UPDATE
)
UPDATE last_pass SET at = coalesce(:now, clock_timestamp()),
                     since = coalesce(:now, clock_timestamp()), stopped_at = gap.at FROM gap
RETURNING gap.at AS from_at, last_pass.at AS to_at
""")

# Shorter than an outage, and yet a stop: the first pass after it has not been noted yet.
BREAK = text("""
UPDATE last_pass SET since = coalesce(:now, clock_timestamp()), stopped_at = at
WHERE at < coalesce(:now, clock_timestamp()) - CAST(:lease AS interval) AND since <= at
RETURNING stopped_at AS from_at, since AS to_at
""")

GOES_ON = text("UPDATE outages SET to_at = :to_at WHERE to_at = :from_at")

INSERT = text("INSERT INTO outages (id, from_at, to_at) VALUES (:id, :from_at, :to_at)")

# A due time without a run of its own is counted by its row of the ledger, which may be about
# many; a backfilled one is listed in addition to what the outage made of it.
BECAME = """
    SELECT r.task_id, CASE WHEN r.trigger = 'backfill' THEN 'backfilled'
               WHEN r.attempt = 0 AND r.state IN ('missed', 'skipped', 'cancelled') THEN r.state
               WHEN r.lateness_ms IS NULL THEN 'waiting'
               WHEN r.lateness_ms > 1000 THEN 'late' ELSE 'on_time' END AS became, 1 AS times
    FROM runs AS r
    WHERE r.team_id = ANY(:team_ids) AND r.scheduled_for > o.from_at AND r.scheduled_for <= o.to_at
      AND r.trigger IN ('schedule', 'backfill') AND NOT r.superseded
    UNION ALL
    SELECT l.task_id, l.reason, l.times - (l.run_id IS NOT NULL)::int
    FROM ledger AS l
    WHERE l.team_id = ANY(:team_ids) AND l.scheduled_for > o.from_at AND l.scheduled_for <= o.to_at
      AND (l.times > 1 OR l.reason = 'held' AND l.run_id IS NULL)
"""

NEWEST = text(f"""
SELECT o.id, o.from_at, o.to_at, b.became, b.times FROM (
    SELECT * FROM outages
    WHERE (CAST(:since AS timestamptz) IS NULL OR to_at >= :since)
      AND (CAST(:before AS timestamptz) IS NULL OR from_at < :before)
    ORDER BY from_at DESC LIMIT :limit) AS o
LEFT JOIN LATERAL (
    SELECT became, sum(times)::int AS times FROM ({BECAME}) AS all_of_them GROUP BY became
) AS b ON true
ORDER BY o.from_at DESC, b.became
""")

ONE = text("SELECT id, from_at, to_at FROM outages WHERE id = :id")

BY_TASK = text(f"""
SELECT b.task_id, t.name, t.deleted_at IS NOT NULL AS deleted, b.became, sum(b.times)::int AS times
FROM (SELECT CAST(:from_at AS timestamptz) AS from_at, CAST(:to_at AS timestamptz) AS to_at) AS o
CROSS JOIN LATERAL ({BECAME}) AS b JOIN tasks AS t ON t.id = b.task_id
GROUP BY b.task_id, t.name, t.deleted_at, b.became ORDER BY b.task_id, b.became
""")

PRUNE = text("""
DELETE FROM outages WHERE id IN (
    SELECT id FROM outages WHERE to_at < now() - :keep
    ORDER BY from_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

Became = Counter[str]
"""How many became on_time, late, waiting, missed, skipped, cancelled, held; or backfilled."""


class Gap(NamedTuple):
    """A time without a coordinator."""

    id: uuid.UUID
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class TeamsOutage:
    """A gap, and what became of the due times of some teams in it."""

    gap: Gap
    became: Became


@dataclass(frozen=True, slots=True)
class TaskInOutage:
    """A task that was due in a gap, and what became of its due times."""

    task_id: uuid.UUID
    name: str
    deleted: bool
    became: Became


def note_pass(connection: Connection) -> None:
    """Record that everything due has just been planned and dispatched."""
    connection.execute(MARK_PASS)


def note_gap(
    connection: Connection, *, min_gap: timedelta, now: datetime | None = None
) -> Gap | None:
    """Keep it as an outage when the last pass is longer ago than `min_gap`; return the gap.

    One that follows right on another makes that one longer.
    """
    found = connection.execute(GAP, {"min_gap": min_gap, "now": now}).one_or_none()
    if found is None:
        return None
    gap = Gap(new_id(), found.from_at, found.to_at)
    if not connection.execute(GOES_ON, {"from_at": gap.from_at, "to_at": gap.to_at}).rowcount:
        connection.execute(INSERT, gap._asdict())
    keep_stop(connection, Stop(gap.from_at, gap.to_at))
    return gap


def note_break(connection: Connection, *, lease: timedelta, now: datetime | None = None) -> None:
    """Note that coordinators are back since now, when the last pass is longer ago than a lease.

    Call it before a pass, after `note_gap`: what was left behind is known by it.
    """
    found = connection.execute(BREAK, {"lease": lease, "now": now}).one_or_none()
    if found is not None:
        keep_stop(connection, Stop(found.from_at, found.to_at))


def list_outages(
    connection: Connection,
    *,
    team_ids: Sequence[uuid.UUID],
    page_size: int,
    since: datetime | None = None,
    before: datetime | None = None,
) -> list[TeamsOutage]:
    """Return the newest outages of these teams' tasks.

    Only those that ended at or after `since`, and that began before `before`.
    """
    params = {"team_ids": list(team_ids), "limit": page_size, "since": since, "before": before}
    found: dict[uuid.UUID, TeamsOutage] = {}
    for row in connection.execute(NEWEST, params):
        outage = found.setdefault(
            row.id, TeamsOutage(Gap(row.id, row.from_at, row.to_at), Counter())
        )
        if row.became is not None:
            outage.became[row.became] += row.times
    return list(found.values())


def find_outage(connection: Connection, outage_id: uuid.UUID) -> Gap | None:
    """Return the outage, or None."""
    row = connection.execute(ONE, {"id": outage_id}).one_or_none()
    return None if row is None else Gap(*row)


def tasks_in_outage(
    connection: Connection, gap: Gap, *, team_ids: Sequence[uuid.UUID]
) -> list[TaskInOutage]:
    """Return the teams' tasks that were due in the gap, most missed due times first."""
    params = {"team_ids": list(team_ids), "from_at": gap.from_at, "to_at": gap.to_at}
    found: dict[uuid.UUID, TaskInOutage] = {}
    for row in connection.execute(BY_TASK, params):
        one = TaskInOutage(row.task_id, row.name, row.deleted, Counter())
        found.setdefault(row.task_id, one).became[row.became] += row.times
    return sorted(found.values(), key=lambda task: (-task.became["missed"], task.name.lower()))


def due_times_in(became: Became) -> int:
    """Return how many due times these are: a backfilled one is not counted again."""
    return became.total() - became["backfilled"]


def prune_outages(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` outages that ended longer ago than `keep`; return how many."""
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount
