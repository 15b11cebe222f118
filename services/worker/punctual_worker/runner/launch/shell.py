"""Start the argv of an order as it is: a shell with its command, or an interpreter with its script.

The last of the strategies: it can start everything, and reports what cannot be started.
"""

from __future__ import annotations

import os
from contextlib import suppress

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.launch.spawn import SHELL, Spawner
from punctual_worker.runner.launch.strategy import LaunchFailedError, LaunchStrategy
from punctual_worker.runner.supervise.exit_watch import ExitWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HOME_VARIABLES = {"HOME", "TMPDIR"}


def is_shell_command(argv: Sequence[str]) -> bool:
    """Return whether this is `/bin/sh -c command`, which the other strategies can start too."""
    return len(argv) == 3 and argv[0] == SHELL and argv[1] == "-c"


class Shell(LaunchStrategy):
    """Makes the home directory and the file of an attempt, and spawns its argv."""

    def __init__(self, spawner: Spawner, exit_watch: ExitWatch) -> None:
        self._spawner = spawner
        self._exit_watch = exit_watch

    def prepare(self, attempt: RunnerAttempt) -> None:
        """Write the file that comes with the order, and make a home if the command needs one."""
        launch = attempt.launch
        if attempt.file is not None:
            try:
                launch.file_path = launch.files.write(attempt.serial, attempt.file)
            except OSError as error:
                text = f"file of the run: {error.strerror}"
                raise LaunchFailedError(text, permanent=False) from None
            attempt.file = None
        if attempt.cwd is None or not attempt.env.keys() >= HOME_VARIABLES:
            try:
                launch.home = launch.files.make(attempt.serial)
            except OSError as error:
                text = f"home directory: {error.strerror}"
                raise LaunchFailedError(text, permanent=False) from None

    def launch(self, attempt: RunnerAttempt) -> int:
        """Spawn the argv, with the file as its last argument."""
        file_path = attempt.launch.file_path
        argv = attempt.argv if file_path is None else (*attempt.argv, file_path)
        started_ns = self._spawner.spawn(attempt, argv[0], argv)
        self._exit_watch.add(attempt)
        return started_ns

    def abandon(self, attempt: RunnerAttempt) -> None:
        """Remove the file and the home."""
        launch = attempt.launch
        if launch.file_path is not None:
            # The command may have removed it, or put a directory in its place.
            with suppress(OSError):
                os.unlink(launch.file_path)
        if launch.home is None:
            return
        if attempt.given_up:
            launch.files.discard_in_use(launch.home)
        else:
            launch.files.discard(launch.home)
