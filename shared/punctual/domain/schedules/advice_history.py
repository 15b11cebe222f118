"""What a task's own past, and its team's other tasks, say against its schedule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from punctual.domain.instant import format_instant
from punctual.domain.schedules.describe import duration_in_words

ENOUGH_RUNS = 10
"""Fewer ended runs than this tell nothing of how long a run takes."""

MANY = 20
"""Tasks of one team due in the same second from which a hint is given."""


@dataclass(frozen=True, slots=True)
class Past:
    """How long the last `runs` attempts took, and how many tasks are due with this one.

    `p95` in seconds: 95 in 100 of them took no longer. `together` counts the team's tasks due at
    `due`, this one included.
    """

    runs: int
    p95: float | None
    due: datetime | None
    together: int


def past_warnings(past: Past, *, shortest: float | None, jitter: float) -> Iterator[str]:
    """Sentences; `shortest` is the shortest interval of the schedule in seconds, if it has one."""
    enough = past.p95 is not None and past.runs >= ENOUGH_RUNS
    if enough and shortest is not None and past.p95 is not None and past.p95 > shortest:
        yield (
            f"95 in 100 of its last {past.runs} runs took up to {_words(past.p95)}, longer than the"
            f" shortest interval ({duration_in_words(shortest)}): the overlap policy decides what"
            f" becomes of the next one."
        )
    if past.due is not None and past.together >= MANY and not jitter:
        yield (
            f"{past.together} of your tasks are due at the same second"
            f" ({format_instant(past.due)}): a jitter spreads them."
        )


def _words(seconds: float) -> str:
    return f"{seconds:.1f} seconds" if seconds < 10 else duration_in_words(round(seconds))
