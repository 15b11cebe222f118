"""Warnings from a task's past runs and from its team's other tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from punctual.domain.instant import format_instant
from punctual.domain.schedules.describe import duration_in_words

ENOUGH_RUNS = 10
"""Fewer ended runs than this are no measure of how long a run takes."""

MANY = 20
"""From this number of tasks of one team due in the same second a hint is given."""


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
    """Yield warnings; `shortest` is the shortest interval of the schedule in seconds, if any."""
    enough = past.p95 is not None and past.runs >= ENOUGH_RUNS
    if enough and shortest is not None and past.p95 is not None and past.p95 > shortest:
        yield (
            f"95 % of its last {past.runs} runs took up to {_words(past.p95)}, longer than the"
            f" shortest interval ({duration_in_words(shortest)}): the overlap policy decides what"
            f" happens to the next run."
        )
    if past.due is not None and past.together >= MANY and not jitter:
        yield (
            f"{past.together} of your tasks are due at the same second"
            f" ({format_instant(past.due)}): a jitter would spread them."
        )


def _words(seconds: float) -> str:
    return f"{seconds:.1f} seconds" if seconds < 10 else duration_in_words(round(seconds))
