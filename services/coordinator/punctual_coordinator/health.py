"""Health: whether this coordinator does its work now, for probes and load balancers."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.progress import Progress
from punctual.store.standing import overdue
from punctual_coordinator.pulse import Pulse

BEHIND_SECONDS = 60
"""A due time is planned half a minute ahead, so one that is this old and is not was left."""


def trouble(engine: Engine, pulse: Pulse, progress: Progress) -> list[str]:
    """Return why this coordinator does not work now; nothing when it does."""
    reasons = []
    try:
        with engine.connect() as connection:
            behind = overdue(connection).unplanned
        if behind > BEHIND_SECONDS:
            reasons.append(f"planning: due times of {behind:.0f} s ago are not planned")
    except SQLAlchemyError as error:
        reasons.append(f"database: {type(error).__name__}")
    if not pulse.began:
        reasons.append("no cycle finished yet")
    elif pulse.age() > pulse.limit:
        reasons.append(f"no cycle finished for {pulse.age():.0f} s")
    return reasons + [f"{name}: no progress" for name in progress.stuck()]
