"""How much of a planning pass each owner may take, counted in steps.

A step is a due time that is looked at, or ten days or windows of a calendar that are read. Counted,
and not timed, so that a pass does the same on a slow machine, and a test can say what it does.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

MOST_OF_A_PASS = 50_000
"""Steps of one owner in one pass; what is left of its tasks is planned by the next pass."""

MOST_OF_A_BATCH = 5_000
"""Steps of one batch, after which its transaction ends: no owner waits longer for the next one."""


class Owned(Protocol):
    """A row of an owner."""

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose it is."""


Row = TypeVar("Row", bound=Owned)


class PlanShare:
    """Counts the steps of every owner in one pass, and which owners have had their share."""

    def __init__(self, *, a_pass: int = MOST_OF_A_PASS, a_batch: int = MOST_OF_A_BATCH) -> None:
        self._most, self._most_of_a_batch = a_pass, a_batch
        self._steps: Counter[uuid.UUID] = Counter()
        self._in_batch = 0

    def begin_batch(self) -> None:
        """Begin to count another batch."""
        self._in_batch = 0

    def add(self, owner_id: uuid.UUID, steps: int) -> None:
        """Count steps that were taken for an owner."""
        self._steps[owner_id] += steps
        self._in_batch += steps

    def add_reading(self, owner_id: uuid.UUID, entries: int) -> None:
        """Count days and windows that were read of an owner's calendars; ten are a step."""
        self._steps[owner_id] += entries // 10

    def is_over(self, owner_id: uuid.UUID) -> bool:
        """Return whether nothing more is to be planned for this owner, in the batch or the pass."""
        return self._in_batch >= self._most_of_a_batch or self._steps[owner_id] >= self._most

    @property
    def over(self) -> list[uuid.UUID]:
        """The owners that have had their share of the pass."""
        return [owner for owner, steps in self._steps.items() if steps >= self._most]


def in_turns(rows: Sequence[Row]) -> Iterator[Row]:
    """Return the rows so that owners take turns, each one's in their order."""
    turns: Counter[uuid.UUID] = Counter()
    numbered: list[tuple[int, int, Row]] = []
    for place, row in enumerate(rows):
        turns[row.owner_id] += 1
        numbered.append((turns[row.owner_id], place, row))
    return (row for _, _, row in sorted(numbered, key=lambda one: one[:2]))
