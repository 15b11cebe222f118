"""Waiting: what holds a run back that is due, or soon will be, as far as the rows know."""

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from punctual.domain.concurrency import Limit
from punctual.domain.run import RunState
from punctual.domain.waiting import Hindrance, hindrance_in_words
from punctual.store.concurrency import count_running, limits_of
from punctual.store.models import Run

SERVED = text(
    "SELECT EXISTS (SELECT FROM workers WHERE state = 'active' AND :queue = ANY (queues))"
)


def waits_for(session: Session, run: Run) -> str | None:
    """What this run waits for, besides its due time and a free slot; None when it is nothing."""
    if run.state not in (RunState.SCHEDULED, RunState.QUEUED):
        return None
    served: bool = session.execute(SERVED, {"queue": run.queue}).scalar_one()
    queue = None if served else run.queue
    return hindrance_in_words(Hindrance(queue, _reached(session.connection(), run)))


def _reached(connection: Connection, run: Run) -> Limit | None:
    counted = limits_of(connection, [run.id]) if run.limited else []
    running = count_running(connection, [run.owner_id]) if counted else {}
    reached = (row.limit for row in counted if running.get(row.limit.key, 0) >= row.limit.most)
    return next(reached, None)
