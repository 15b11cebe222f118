"""Home directories: an empty one for each attempt, gone after its end whatever it holds then.

Each lies alone in a directory that cannot be written to, the attempt's as well. Commands are the
user that owns that one, so this stops a mistake (`tar` with `..`) and no intent. What an attempt
leaves there goes with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from collections import deque
from contextlib import suppress

from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.supervise.stale_processes import kill_leftovers

PREFIX = "runner-"
SPARE = 4096
# This many directories are made in one folder, then in the next: renaming among few takes a third
# of the time that it takes among hundreds.
TOGETHER, FOLDERS = 32, 128
MADE = stat.S_IFDIR | 0o700
CLOSED = stat.S_IFDIR | 0o500
NAME = "home"
LEAVE_SECONDS = 5.0
"""What processes of a dead runner may take to be gone; a killed one takes milliseconds."""


class HomeDirs:
    """The directories of one runner, below one of its own which is locked while it lives."""

    def __init__(self, work_dir: str, *, launch: int) -> None:
        os.makedirs(work_dir, exist_ok=True)
        self._spare: list[str] = []  # directories of homes
        self._made = 0
        self._trash: deque[str] = deque()
        self._has_trash = threading.Event()
        self._janitor: threading.Thread | None = None
        name = f"{PREFIX}{launch}-{os.urandom(4).hex()}"
        self._root = os.path.join(work_dir, name)
        # Locked before it has the name others look for: runners launched together would
        # otherwise take each other's for that of a dead one.
        unnamed = os.path.join(work_dir, f"new-{name}")
        os.mkdir(unnamed, 0o700)
        self._lock = _lock(unnamed)
        os.rename(unnamed, self._root)
        self._take_over_from_the_dead(work_dir)

    def make(self, serial: int) -> str:
        """Return the path of a fresh empty directory; OSError when there is no room for one."""
        while self._spare:
            spare = self._spare.pop()
            path = f"{os.path.dirname(spare)}/{serial}"
            with suppress(OSError):  # commands of the same user may have removed it
                os.rename(spare, path)
                return f"{path}/{NAME}"
        number = self._made // TOGETHER % FOLDERS
        self._made += 1
        folder = f"{self._root}/more-{number}" if number else self._root
        path = f"{folder}/{serial}"
        try:
            os.mkdir(path, 0o700)
        except FileNotFoundError:  # its first home, or a command removed more than its own
            os.mkdir(folder, 0o700)
            os.mkdir(path, 0o700)
        try:
            return _make_in(path)
        except OSError:
            self._throw_away(path)
            raise

    def write(self, serial: int, content: bytes) -> str:
        """Return the path of a file that only its owner reads; OSError when there is no room."""
        path = os.path.join(self._root, f"{serial}.file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        return path

    def make_gate(self, serial: int) -> str:
        """Return the path of a FIFO, whose name may stand between single quotes."""
        path = os.path.join(self._root, f"gate-{serial}")
        if "'" in path:
            raise OSError(errno.EINVAL, "a quote in the work directory")
        os.mkfifo(path, 0o600)
        return path

    def discard(self, home: str) -> None:
        """Remove a home and its directory, at once or behind the loop's back.

        By a thread, because a tree can take seconds and removing it is all system calls, during
        which Python lets the loop run. One that is as it was made, as most are, is given to another
        attempt, under another name: ext4 takes 0.2 ms to find an inode that was not in use just
        now.
        """
        path = os.path.dirname(home)
        with suppress(OSError):
            if _is_as_made(home) and _is_closed(path):
                if len(self._spare) < SPARE:
                    self._spare.append(path)
                else:
                    _remove_empty(path)
                return
        self._throw_away(path)

    def close(self) -> None:
        """Remove every directory of this runner, now."""
        remove_tree(self._root)
        if self._lock is not None:
            os.close(self._lock)

    def _throw_away(self, path: str) -> None:
        self._trash.append(path)
        self._has_trash.set()
        if self._janitor is None:
            self._janitor = threading.Thread(target=self._empty_trash, daemon=True)
            self._janitor.start()

    def _empty_trash(self) -> None:
        while True:
            self._has_trash.wait()
            self._has_trash.clear()
            while self._trash:
                remove_tree(self._trash.popleft())

    def _take_over_from_the_dead(self, work_dir: str) -> None:
        for name in os.listdir(work_dir):
            path = os.path.join(work_dir, name)
            if not name.startswith(PREFIX) or path == self._root:
                continue
            lock = _lock(path)
            if lock is not None:  # free, so its runner was killed before it could tidy up
                os.close(lock)
                # Its agent may have been killed with it; then what it started is still alive.
                launch = name.removeprefix(PREFIX).partition("-")[0]
                if launch.isdecimal():
                    kill_leftovers(int(launch), until=time.monotonic() + LEAVE_SECONDS)
                self._throw_away(path)


def _make_in(path: str) -> str:
    home = f"{path}/{NAME}"
    os.mkdir(home, 0o700)
    os.chmod(path, stat.S_IMODE(CLOSED))
    os.utime(path, (0, 0))  # which any change sets
    return home


def _remove_empty(path: str) -> None:
    os.chmod(path, stat.S_IRWXU)
    os.rmdir(f"{path}/{NAME}")
    os.rmdir(path)


def _is_as_made(path: str) -> bool:
    found = os.lstat(path)
    return (
        (found.st_mode, found.st_uid, found.st_gid) == (MADE, os.geteuid(), os.getegid())
        and _is_empty(path)
        and not _attributes(path)
    )


def _is_closed(path: str) -> bool:
    """Return whether nothing was written into the directory of a home, nor could be."""
    found = os.lstat(path)
    return found.st_mode == CLOSED and found.st_mtime_ns == 0


def _is_empty(path: str) -> bool:
    with os.scandir(path) as entries:  # and no more than a glance at thousands
        return next(entries, None) is None


def _attributes(path: str) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return []  # this filesystem has none


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
