"""Waiting: what holds a run back that is due, or soon will be, as far as the rows know."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from punctual.domain.run import RunState
from punctual.domain.waiting import Hindrance, hindrance_in_words
from punctual.store.models import Run

SERVED = text(
    "SELECT EXISTS (SELECT FROM workers WHERE state = 'active' AND :queue = ANY (queues))"
)


def waits_for(session: Session, run: Run) -> str | None:
    """What this run waits for, besides its due time and a free slot; None when it is nothing."""
    if run.state not in (RunState.SCHEDULED, RunState.QUEUED):
        return None
    served: bool = session.execute(SERVED, {"queue": run.queue}).scalar_one()
    return hindrance_in_words(Hindrance(queue=None if served else run.queue))
