"""Health: whether this coordinator does its work now, for probes and load balancers."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.progress import Progress
from punctual.store.standing import STUCK_SECONDS, overdue
from punctual_coordinator.pulse import Pulse


def trouble(engine: Engine, pulse: Pulse, progress: Progress) -> list[str]:
    """Return why this coordinator does not work now; nothing when it does."""
    reasons = []
    try:
        with engine.connect() as connection:
            behind = overdue(connection).unplanned
        if behind > STUCK_SECONDS:
            reasons.append(f"planning: due times of {behind:.0f} s ago are not planned")
    except SQLAlchemyError as error:
        reasons.append(f"database: {type(error).__name__}")
    if not pulse.began:
        reasons.append("no cycle finished yet")
    elif pulse.age() > pulse.limit:
        reasons.append(f"no cycle finished for {pulse.age():.0f} s")
    return reasons + [f"{name}: no progress" for name in progress.stuck()]
