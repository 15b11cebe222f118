"""The directory of one runner below the work directory, locked while that runner lives."""

from __future__ import annotations

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "runner-"


class RunnerDir:
    """Its name says which launch it belongs to: `runner-<launch>-<random>`."""

    def __init__(self, work_dir: str, *, launch: int) -> None:
        """Make and lock it; OSError when that is not possible."""
        os.makedirs(work_dir, exist_ok=True)
        self._work_dir = work_dir
        name = f"{PREFIX}{launch}-{os.urandom(4).hex()}"
        self.path = os.path.join(work_dir, name)
        # Locked before it has the name others look for: runners launched together would
        # otherwise take each other's for that of a dead one.
        unnamed = os.path.join(work_dir, f"new-{name}")
        os.mkdir(unnamed, 0o700)
        self._lock = _lock(unnamed)
        os.rename(unnamed, self.path)

    def of_dead_runners(self) -> Iterator[tuple[str, int | None]]:
        """Yield path and launch of each one whose runner was killed before it could remove it."""
        for name in os.listdir(self._work_dir):
            path = os.path.join(self._work_dir, name)
            if not name.startswith(PREFIX) or path == self.path:
                continue
            lock = _lock(path)
            if lock is not None:
                os.close(lock)
                launch = name.removeprefix(PREFIX).partition("-")[0]
                yield path, int(launch) if launch.isdecimal() else None

    def unlock(self) -> None:
        """Give up the lock of a directory that was removed."""
        if self._lock is not None:
            os.close(self._lock)


def _lock(path: str) -> int | None:
    """Return a descriptor holding the directory's lock, None when another process holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
