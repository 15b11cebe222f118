"""The strategies of one runner, without those that are switched off or unknown to its shell."""

from __future__ import annotations

import os

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.direct_exec import DirectExec
from punctual_worker.runner.launch.executable_lookup import ExecutableLookup
from punctual_worker.runner.launch.prestarted_shell import PrestartedShells
from punctual_worker.runner.launch.shell import Shell, is_shell_command
from punctual_worker.runner.launch.slot_launch import AsSlotUser
from punctual_worker.runner.launch.spawn import SHELL, Spawner
from punctual_worker.runner.launch.strategy import LaunchStrategy
from punctual_worker.runner.lease import RunnerLease
from punctual_worker.runner.supervise.exit_watch import ExitWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.host.slot_users import SlotUsers

# Other shells keep what they were given where a command sees it (bash: $BASH_EXECUTION_STRING, $_),
# read words in another way, or were not tried.
KNOWN_SHELLS = ("dash",)


class LaunchOptions:
    """Which strategies may be used; the shell always is."""

    __slots__ = ("direct_exec", "prestarted_shells")

    def __init__(self, *, prestarted_shells: bool, direct_exec: bool) -> None:
        self.prestarted_shells = prestarted_shells
        self.direct_exec = direct_exec


class Strategies:
    """Pre-started shell, direct exec and shell, each falling back on the next."""

    def __init__(
        self,
        registry: AttemptRegistry,
        poller: Poller,
        lease: RunnerLease,
        spawner: Spawner,
        lifecycle: Lifecycle,
        exit_watch: ExitWatch,
        options: LaunchOptions,
        slot_users: SlotUsers | None,
    ) -> None:
        is_known = os.path.basename(os.path.realpath(SHELL)) in KNOWN_SHELLS
        self.executables = ExecutableLookup()
        shell = Shell(spawner, exit_watch)
        direct = DirectExec(shell, spawner, self.executables, exit_watch)
        after_prestarted = direct if is_known and options.direct_exec else shell
        self.prestarted = PrestartedShells(
            after_prestarted, registry, poller, lease, spawner, lifecycle, exit_watch
        )
        of_commands = (
            self.prestarted if is_known and options.prestarted_shells else after_prestarted
        )
        self._of_shell_commands = _as_slot_users(of_commands, slot_users)
        self._of_other_programs = _as_slot_users(shell, slot_users)

    def choose(self, attempt: RunnerAttempt) -> LaunchStrategy:
        """Return the first strategy for an attempt."""
        if is_shell_command(attempt.argv) and attempt.file is None:
            return self._of_shell_commands
        return self._of_other_programs


def _as_slot_users(strategy: LaunchStrategy, slot_users: SlotUsers | None) -> LaunchStrategy:
    return strategy if slot_users is None else AsSlotUser(strategy, slot_users)
