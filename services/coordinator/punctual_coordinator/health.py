"""Health: whether this coordinator can do its work now, for probes and load balancers."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.store.engine import ping
from punctual_coordinator.pulse import Pulse


def trouble(engine: Engine, pulse: Pulse) -> list[str]:
    """Why this coordinator cannot work now; nothing when it can."""
    reasons = []
    try:
        ping(engine)
    except SQLAlchemyError as error:
        reasons.append(f"database: {type(error).__name__}")
    if not pulse.began:
        reasons.append("no cycle finished yet")
    elif pulse.age() > pulse.limit:
        reasons.append(f"no cycle finished for {pulse.age():.0f} s")
    return reasons
