"""Fair shares: how many steps of a planning pass each team may use.

A step is a due time that is looked at, or ten days or windows of a calendar that are read. Counted,
and not timed, so that a pass does the same on a slow machine, and a test can say what it does.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

MOST_OF_A_PASS = 50_000
"""Steps of one team in one pass; what is left of its tasks is planned by the next pass."""

MOST_OF_A_BATCH = 5_000
"""Steps of one batch, after which its transaction ends: no team waits longer for the next one."""


class Owned(Protocol):
    """A row of a team."""

    @property
    def team_id(self) -> uuid.UUID:
        """Return the team's id."""


Row = TypeVar("Row", bound=Owned)


class PlanShare:
    """Counts the steps of every team in one pass, and lists teams past their share."""

    def __init__(self, *, a_pass: int = MOST_OF_A_PASS, a_batch: int = MOST_OF_A_BATCH) -> None:
        self._most, self._most_of_a_batch = a_pass, a_batch
        self._steps: Counter[uuid.UUID] = Counter()
        self._in_batch = 0

    def begin_batch(self) -> None:
        """Begin to count another batch."""
        self._in_batch = 0

    def add(self, team_id: uuid.UUID, steps: int) -> None:
        """Count steps that were taken for a team."""
        self._steps[team_id] += steps
        self._in_batch += steps

    def add_reading(self, team_id: uuid.UUID, entries: int) -> None:
        """Count days and windows that were read of a team's calendars; ten are a step."""
        self._steps[team_id] += entries // 10

    def is_over(self, team_id: uuid.UUID) -> bool:
        """Return whether nothing more is to be planned for this team, in the batch or the pass."""
        return self._in_batch >= self._most_of_a_batch or self._steps[team_id] >= self._most

    @property
    def over(self) -> list[uuid.UUID]:
        """Return the teams that have used their share of the pass."""
        return [team for team, steps in self._steps.items() if steps >= self._most]


def in_turns(rows: Sequence[Row]) -> Iterator[Row]:
    """Return the rows so that teams take turns, each one's in their order."""
    turns: Counter[uuid.UUID] = Counter()
    numbered: list[tuple[int, int, Row]] = []
    for place, row in enumerate(rows):
        turns[row.team_id] += 1
        numbered.append((turns[row.team_id], place, row))
    return (row for _, _, row in sorted(numbered, key=lambda one: one[:2]))
