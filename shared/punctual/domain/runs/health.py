"""Health: whether a task does what it is for, in one word."""

from datetime import timedelta
from enum import StrEnum

from punctual.domain.runs.states import RunState


class Health(StrEnum):
    """The health of a task, by the same name in tables, API, pages and metrics: worst first."""

    FAILING = "failing"
    MISSED = "missed"
    LATE = "late"
    SUSPICIOUS = "suspicious"
    UNKNOWN = "unknown"
    OK = "ok"
    PAUSED = "paused"


UNHEALTHY = (Health.FAILING, Health.MISSED, Health.LATE, Health.SUSPICIOUS)
"""What a person should look at."""

FAILING_ENDS = frozenset({RunState.FAILED, RunState.TIMED_OUT, RunState.LOST})
"""Ends of a run after which its task is failing; a cancelled or skipped run changes nothing."""

LATE_AFTER = timedelta(minutes=5)
"""A task is late when a run of it has been due for this long and has not started."""
