"""Homes that commands left as they were made, for attempts to come.

Making a home was two thirds of the runner's time in a burst: ext4 takes 0.2 ms to find an inode
that was not in use just now. So a home that is as it was made, as most are, is renamed for another
attempt. Everything that can be seen of it is checked before that: mode, owner, content, extended
attributes, and that its directory was neither opened nor written to.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

NAME = "home"
MADE = stat.S_IFDIR | 0o700
CLOSED = stat.S_IFDIR | 0o500
MAX_UNUSED = 4096


def make_home(directory: str) -> str:
    """Make a home in a new directory, and close that to writing; return the home's path."""
    home = f"{directory}/{NAME}"
    os.mkdir(home, 0o700)
    os.chmod(directory, stat.S_IMODE(CLOSED))
    os.utime(directory, (0, 0))  # which any change sets
    return home


class UnusedHomes:
    """Directories of homes, each as it was made."""

    def __init__(self, owner: tuple[int, int]) -> None:
        """`owner` is the user and the group that a home belongs to."""
        self._owner = owner
        self._directories: list[str] = []

    def take(self, serial: int) -> str | None:
        """Return the path of one under a name that was not used before, or None."""
        while self._directories:
            directory = self._directories.pop()
            path = f"{os.path.dirname(directory)}/{serial}"
            with suppress(OSError):  # commands of the same user may have removed it
                os.rename(directory, path)
                return f"{path}/{NAME}"
        return None

    def put(self, home: str) -> bool:
        """Keep a home that is as it was made, or remove it when there are enough; False if not."""
        directory = os.path.dirname(home)
        try:
            if not (_is_as_made(home, self._owner) and _is_closed(directory)):
                return False
            if len(self._directories) < MAX_UNUSED:
                self._directories.append(directory)
            else:
                _remove_empty(directory)
        except OSError:
            return False
        return True


def _remove_empty(directory: str) -> None:
    os.chmod(directory, stat.S_IRWXU)
    os.rmdir(f"{directory}/{NAME}")
    os.rmdir(directory)


def _is_as_made(path: str, owner: tuple[int, int]) -> bool:
    found = os.lstat(path)
    return (
        (found.st_mode, found.st_uid, found.st_gid) == (MADE, *owner)
        and _is_empty(path)
        and not attributes_of(path)
    )


def _is_closed(path: str) -> bool:
    """Return whether nothing was written into the directory of a home, nor could be."""
    found = os.lstat(path)
    return found.st_mode == CLOSED and found.st_mtime_ns == 0


def _is_empty(path: str) -> bool:
    with os.scandir(path) as entries:  # and no more than a glance at thousands
        return next(entries, None) is None


def attributes_of(path: str) -> list[str]:
    """Return the names of a file's extended attributes, access lists among them."""
    try:
        return os.listxattr(path)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return []  # this filesystem has none
