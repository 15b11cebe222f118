"""Slot shares: give each team without a number of its own the slots that the setting has."""

import structlog
from sqlalchemy import Engine

from punctual.store.concurrency.team_slots import correct_slots, set_default

log = structlog.get_logger()


class SlotShares:
    """Stores the setting once, and keeps every team's limit what it should be.

    The coordinator that was started last decides, so all of them need the same setting.
    """

    def __init__(self, engine: Engine, *, most: int) -> None:
        """`most`: how many runs of such a team may run at once; 0 is any number."""
        self._engine = engine
        self._most = most
        self._stored = False

    def run_once(self) -> int:
        """Return how many teams have other slots now."""
        with self._engine.begin() as connection:
            if self._stored:
                changed = correct_slots(connection)
            else:
                changed = set_default(connection, self._most)
        self._stored = True
        if changed:
            log.info("team slots changed", teams=len(changed))
        return len(changed)
