"""Folders that all users write to, and what users of slots left in them.

Listing a large /tmp at every end would cost more than the end itself, so a folder in which nothing
was made since it was listed is not listed again, unless one of the users had something in it.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")
# The kernel notes changes by a clock that moves on every few milliseconds.
CLOCK_NS = 50_000_000
DEPTH = 3


class SharedFolder:
    """One folder, and the folders below it that are open to all, those of users among them."""

    def __init__(self, path: str, users: range, *, depth: int = DEPTH) -> None:
        """Look for `users`, and as many folders deep as `depth` says."""
        self._path = path
        self._users = users
        self._depth = depth
        self._changed_ns = self._listed_ns = 0
        self._owners: set[int] = set()
        self._open: dict[str, SharedFolder] = {}

    def left_by(self, uids: Collection[int]) -> Iterator[tuple[str, int]]:
        """Yield the entries of those users, each with its user."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return
        changed_ns = found.st_mtime_ns
        is_known = changed_ns == self._changed_ns and changed_ns < self._listed_ns - CLOCK_NS
        is_known = is_known and found.st_uid not in self._users  # who may set the time
        if not is_known or not self._owners.isdisjoint(uids):
            self._changed_ns, self._listed_ns = changed_ns, time.time_ns()
            yield from self._list(uids)
        for folder in list(self._open.values()):
            yield from folder.left_by(uids)

    def _list(self, uids: Collection[int]) -> Iterator[tuple[str, int]]:
        before, self._open = self._open, {}
        self._owners = set()
        for path, found in _entries(self._path):
            if found.st_uid in self._users:
                self._owners.add(found.st_uid)
                if found.st_uid in uids:
                    yield path, found.st_uid
                    continue
            if self._depth and stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IWOTH:
                depth = self._depth - 1
                self._open[path] = before.get(path) or SharedFolder(path, self._users, depth=depth)


def _entries(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what is in a folder, following no link, without what is removed during the look."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                yield entry.path, entry.stat(follow_symlinks=False)
