"""Launch attempts as the users of slots: a strategy around the others.

What they make and open of an attempt, they make and open as its user.
"""

from __future__ import annotations

from punctual_worker.runner.launch.strategy import LaunchStrategy, ShortageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.attempts.attempt import RunnerAttempt
    from punctual_worker.runner.host.slot_users import SlotUsers

NO_USER = "no user of a slot is free: what earlier runs left is still there"


class AsSlotUser(LaunchStrategy):
    """Gives an attempt a user, has it launched as that, and takes the user back at its end."""

    def __init__(self, strategy: LaunchStrategy, slot_users: SlotUsers) -> None:
        self._strategy = strategy
        self._slot_users = slot_users

    def prepare(self, attempt: RunnerAttempt) -> None:
        """Take a user and prepare as it; without one that waits for the launch."""
        user = self._slot_users.take(attempt.serial)
        if user is None:
            return
        attempt.launch.user = user
        attempt.launch.files = user.home
        with user.acting:
            self._strategy.prepare(attempt)

    def launch(self, attempt: RunnerAttempt) -> int:
        """Launch as its user; ShortageError while none is free."""
        if attempt.launch.user is None:
            self.prepare(attempt)
        user = attempt.launch.user
        if user is None:
            raise ShortageError(NO_USER)
        with user.acting:
            return self._strategy.launch(attempt)

    def abandon(self, attempt: RunnerAttempt) -> None:
        """Have what was prepared removed, and its user cleaned up after."""
        user = attempt.launch.user
        if user is None:
            return
        with user.acting:
            self._strategy.abandon(attempt)
        self._slot_users.release(user)
