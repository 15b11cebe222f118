"""Events of outages: one for each team, once it is settled what became of its due times."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.instant import format_instant
from punctual.store.alerts.events import NewEvent, record
from punctual.store.outages.outages import Gap
from punctual.store.outages.tasks import Harm, harm_of

SETTLED_AFTER = timedelta(seconds=60)
"""By then catch-up has decided about the due times of an outage."""

MOST_NAMED = 20

UNREPORTED = text("""
UPDATE outages SET reported_at = now() WHERE id IN (
    SELECT id FROM outages
    WHERE reported_at IS NULL AND to_at < coalesce(:now, now()) - CAST(:settled AS interval)
    ORDER BY from_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, from_at, to_at
""")

TEAMS = text("""
SELECT id FROM teams WHERE EXISTS (
    SELECT FROM runs WHERE team_id = teams.id
      AND scheduled_for > :from_at AND scheduled_for <= :to_at)
  OR EXISTS (
    SELECT FROM ledger WHERE team_id = teams.id
      AND scheduled_for > :from_at AND scheduled_for <= :to_at)
""")


def report_outages(connection: Connection, *, now: datetime | None = None) -> int:
    """Record an event for each team with tasks that the next settled outage made miss or late.

    Returns how many events these are: 0 also when there is no outage to report.
    """
    params = {"now": now, "settled": SETTLED_AFTER}
    row = connection.execute(UNREPORTED, params).one_or_none()
    if row is None:
        return 0
    gap = Gap(*row)
    times = {"from_at": gap.from_at, "to_at": gap.to_at}
    events = []
    for team_id in connection.execute(TEAMS, times).scalars().all():
        found = harm_of(connection, [gap], team_ids=[team_id], most=MOST_NAMED).get(gap.id)
        if found is not None:
            events.append(_event(gap, team_id, found))
    return len(record(connection, events))


def _event(gap: Gap, team_id: uuid.UUID, harm: Harm) -> NewEvent:
    details: dict[str, object] = {
        "in_row": 1,
        "outage": str(gap.id),
        "since": format_instant(gap.from_at),
        "until": format_instant(gap.to_at),
        "tasks": harm.tasks,
        "affected": [str(task.task_id) for task in harm.most],
    }
    return NewEvent(EventKind.OUTAGE, team_id, details=details)
