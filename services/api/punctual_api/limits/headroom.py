"""Headroom: what was counted lately of teams that are far from a limit."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

FRESH_SECONDS = 2.0
"""How long a count is good at one reserve from the limit; at twice that for twice as long."""
LEAST_RESERVE = 25_000
"""More than an API process can create in FRESH_SECONDS; counted in a few milliseconds."""


@dataclass(slots=True)
class _Counted:
    number: int
    until: float


class Headroom:
    """Remembers counts, so that creating one more costs a team far from its limit no query.

    Far means further than a reserve: a tenth of the limit, LEAST_RESERVE at least.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._reserve = max(most // 10, LEAST_RESERVE)
        self._far = most - self._reserve
        self._clock = clock
        self._counted: dict[uuid.UUID, _Counted] = {}

    def takes_one(self, team_id: uuid.UUID) -> bool:
        """Count one more; return whether it is far from the limit by a count that is fresh."""
        known = self._counted.get(team_id)
        if known is None or known.until < self._clock() or known.number >= self._far:
            return False
        known.number += 1
        return True

    def note(self, team_id: uuid.UUID, number: int) -> bool:
        """Remember a count; return whether it is far from the limit."""
        if number > self._far:
            self._counted.pop(team_id, None)
            return False
        fresh = FRESH_SECONDS * (self.most - number) / self._reserve
        self._counted[team_id] = _Counted(number, self._clock() + fresh)
        return True
