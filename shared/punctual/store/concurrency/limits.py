"""Concurrency limits as users set them: by tag, or for all of their runs."""

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from punctual.store.concurrency.usage import APPLIES, count_running, mark_limited, queued_by_limit
from punctual.store.driver.notify import wake_coordinators
from punctual.store.schema.models import ConcurrencyLimit

LOOKED_AT = 10_000

WAITING = text(f"""
SELECT 'limit ' || l.id AS key, count(*) AS waiting
FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
      SELECT r.id, task_id FROM runs AS r
      WHERE r.team_id = team.id AND r.limited AND r.state = 'scheduled' AND r.due_at <= now()
      ORDER BY r.due_at, r.id LIMIT :looked_at) AS due
JOIN tasks AS t ON t.id = due.task_id JOIN concurrency_limits AS l ON {APPLIES}
GROUP BY l.id
""")


def list_limits(session: Session, *, team_ids: Sequence[uuid.UUID]) -> Sequence[ConcurrencyLimit]:
    """Return the limits that these teams have set, oldest first."""
    own = ConcurrencyLimit.team_id.in_(team_ids), ConcurrencyLimit.slots.is_(False)
    statement = select(ConcurrencyLimit).where(*own)
    return session.scalars(statement.order_by(ConcurrencyLimit.id)).all()


def running_by_limit(
    session: Session, *, team_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, int]:
    """Return how many runs count towards each limit now; one without any is left out."""
    counted = count_running(session.connection(), team_ids)
    return {
        uuid.UUID(key.removeprefix("limit ")): count
        for key, count in counted.items()
        if key.startswith("limit ")
    }


def waiting_by_limit(
    session: Session, limits: Sequence[ConcurrencyLimit]
) -> Mapping[uuid.UUID, int]:
    """Return how many due runs wait for each of these limits that is reached.

    One that holds back none is left out. A run under several that are reached waits for each of
    them. Only the 10,000 earliest due runs of each team are looked at.
    """
    teams = {limit.team_id for limit in limits}
    params = {"team_ids": list(teams), "looked_at": LOOKED_AT}
    due = {row.key: row.waiting for row in session.execute(WAITING, params)}
    if not due:
        return {}
    running = count_running(session.connection(), teams)
    queued = queued_by_limit(session.connection(), teams)
    return {
        limit.id: due[key]
        for limit in limits
        if (key := f"limit {limit.id}") in due
        and running.get(key, 0) + sum(map(len, queued.get(key, {}).values()))
        >= limit.max_concurrent
    }


def find_limit(
    session: Session, limit_id: uuid.UUID, *, team_id: uuid.UUID
) -> ConcurrencyLimit | None:
    """Return a limit that the team has set, or None."""
    found = session.get(ConcurrencyLimit, limit_id, with_for_update=True)
    own = found is not None and found.team_id == team_id and not found.slots
    return found if own else None


def create_limit(
    session: Session, *, team_id: uuid.UUID, tag: str | None, max_concurrent: int
) -> ConcurrencyLimit:
    """Set a limit, also for what is planned already. Raises IntegrityError when there is one."""
    made = ConcurrencyLimit(team_id=team_id, tag=tag, max_concurrent=max_concurrent)
    session.add(made)
    session.flush()
    mark_limited(session.connection(), team_id=team_id)
    return made


def change_limit(session: Session, limit: ConcurrencyLimit, *, max_concurrent: int) -> None:
    """Raise or lower a limit; what runs beyond a lower one runs on."""
    limit.max_concurrent = max_concurrent
    session.flush()
    wake_coordinators(session.connection())


def delete_limit(session: Session, limit: ConcurrencyLimit) -> None:
    """Take a limit away; what waited for it goes on."""
    session.delete(limit)
    session.flush()
    wake_coordinators(session.connection())
