"""Events: what happens to a task, or to the installation, that people want to learn."""

from enum import StrEnum


class EventKind(StrEnum):
    """The kind of an event, by the same name in tables, API, pages and messages."""

    FAILED = "failed"
    RECOVERED = "recovered"
    LATE = "late"
    MISSED = "missed"
    LOST = "lost"
    PLAN_ERROR = "plan_error"
    OUTAGE = "outage"
    SLOW = "slow"
    FAST = "fast"
    SILENT = "silent"
    UNSERVED_QUEUE = "unserved_queue"
    COORDINATORS_STOPPED = "coordinators_stopped"
    DATABASE_FULL = "database_full"
    CHANNEL_FAILING = "channel_failing"


E = EventKind

FOR_OPERATORS: frozenset[EventKind] = frozenset(
    {E.UNSERVED_QUEUE, E.COORDINATORS_STOPPED, E.DATABASE_FULL, E.CHANNEL_FAILING}
)
"""Events of the installation. One that ends a trouble has `over: true` in its details."""

FOR_TEAMS: frozenset[EventKind] = frozenset(EventKind) - FOR_OPERATORS
"""Events of tasks; an `outage` is one event for each team, about all its tasks that were due."""
