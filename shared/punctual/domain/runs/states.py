"""The life of a run as data: its states and every move between them that is allowed."""

from enum import StrEnum


class RunState(StrEnum):
    """The state of a run, by the same name in tables, API, pages, logs and metrics."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    CLAIMED = "claimed"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"
    MISSED = "missed"
    SKIPPED = "skipped"


class Trigger(StrEnum):
    """What created a run: its task's schedule, the ends of upstream tasks, or a person.

    A person asks for one now, for a final one again, or for a due time that had no start.
    """

    SCHEDULE = "schedule"
    MANUAL = "manual"
    RETRY = "retry"
    BACKFILL = "backfill"
    AFTER = "after"


class Overlap(StrEnum):
    """What happens to a run that is due while another run of its task is unfinished."""

    SKIP = "skip"
    ALLOW = "allow"
    QUEUE = "queue"
    REPLACE = "replace"


class CatchUp(StrEnum):
    """Which due times that no coordinator dispatched in time are still run."""

    LATEST = "latest"
    ALL = "all"
    NONE = "none"


S = RunState

MOVES: dict[RunState, frozenset[RunState]] = {
    S.SCHEDULED: frozenset({S.QUEUED, S.CANCELLED, S.MISSED}),
    S.QUEUED: frozenset({S.SCHEDULED, S.CLAIMED, S.CANCELLED, S.MISSED}),
    S.CLAIMED: frozenset({S.RUNNING, S.SCHEDULED, S.CANCELLED, S.SKIPPED}),
    S.RUNNING: frozenset(
        {S.SUCCEEDED, S.FAILED, S.TIMED_OUT, S.CANCELLED, S.LOST, S.SCHEDULED},
    ),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.TIMED_OUT: frozenset(),
    S.CANCELLED: frozenset(),
    S.LOST: frozenset(),
    S.MISSED: frozenset(),
    S.SKIPPED: frozenset(),
}
"""From each state, the states one step away; nothing else may ever happen to a run."""

PAUSED_RETRY_ENDS: frozenset[RunState] = frozenset({S.FAILED, S.TIMED_OUT, S.LOST})
"""What a pause makes of a run that waits for its next attempt: what the last one came to."""

INITIAL: frozenset[RunState] = frozenset({S.SCHEDULED, S.MISSED, S.SKIPPED})
"""The states a run may be inserted with."""

FINAL: frozenset[RunState] = frozenset(state for state, moves in MOVES.items() if not moves)
"""The states that nothing leaves."""

PENDING: frozenset[RunState] = frozenset({S.SCHEDULED, S.QUEUED, S.CLAIMED})
"""The states in which a run waits to start."""
