"""The seam between the launcher and the ways to start a command.

There are three: a shell started ahead that waits at a gate (prestarted_shell.py), the program of
the command without a shell (direct_exec.py), and the argv of the order as it is (shell.py). Each
falls back on the next one, so the launcher asks only the first that suits an attempt
(strategies.py).
"""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.attempts.attempt import RunnerAttempt
    from punctual_worker.runner.host.attempt_files import AttemptFiles
    from punctual_worker.runner.host.slot_users import SlotUser

# What a command needs is missing or closed to it: it is so for the next attempt as well.
# fmt: off
PERMANENT = frozenset((
    errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG,
    errno.E2BIG, errno.ENOEXEC, errno.EISDIR,
))
# fmt: on
# No process or memory is to be had, as while a fork bomb is going off.
SHORTAGE = frozenset((errno.EAGAIN, errno.ENOMEM))


class LaunchError(Exception):
    """Nothing of the command was launched."""


class NotReadyError(LaunchError):
    """The shell that was started ahead is not at its gate yet; launch again very soon."""


class LaunchFailedError(LaunchError):
    """The command cannot be started; the text is meant for the user.

    `permanent`: the next attempt would meet the same error.
    """

    def __init__(self, text: str, *, permanent: bool) -> None:
        super().__init__(text)
        self.permanent = permanent


class ShortageError(LaunchFailedError):
    """No process or memory is to be had at the moment; launching again may succeed."""

    def __init__(self, text: str) -> None:
        super().__init__(text, permanent=False)


class LaunchStrategy(ABC):
    """A way to start commands."""

    @abstractmethod
    def prepare(self, attempt: RunnerAttempt) -> None:
        """Do what can be done before the instant; LaunchFailedError when it can never start."""

    @abstractmethod
    def launch(self, attempt: RunnerAttempt) -> int:
        """Start the command now and return the instant at which it was started.

        Raises LaunchError when nothing was started.
        """

    @abstractmethod
    def abandon(self, attempt: RunnerAttempt) -> None:
        """Remove what prepare() made: the command has ended, or will not be launched.

        Nothing of the attempt is alive, unless it was given up.
        """


class LaunchState:
    """What a strategy knows of one attempt from prepare() to abandon()."""

    # fmt: off
    __slots__ = (
        "file_path", "files", "first_try_ns", "gate", "home", "strategy", "user", "words",
    )
    # fmt: on

    def __init__(self, strategy: LaunchStrategy, files: AttemptFiles) -> None:
        self.strategy = strategy
        self.files = files
        self.user: SlotUser | None = None  # whose homes are used then, in place of the runner's
        self.home: str | None = None
        self.file_path: str | None = None
        self.words: list[str] | None = None  # of the program that its shell would make way for
        self.gate: str | None = None  # where its shell waits that was started ahead
        self.first_try_ns = 0  # of a launch that met a shortage


def launch_error(error: OSError | ValueError) -> LaunchFailedError:
    """Return the named error for one of the system, or of an argument that cannot be passed on."""
    if not isinstance(error, OSError):
        return LaunchFailedError(str(error), permanent=True)
    text = error.strerror or str(error)
    if error.errno in SHORTAGE:
        return ShortageError(text)
    return LaunchFailedError(text, permanent=error.errno in PERMANENT)
