"""Add up what files occupy on disk: those of a directory and all below it."""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512  # in which st_blocks counts
# What the file system notes about a file counts too, or a million empty ones would be nothing.
LEAST = 1024
# Paths of more than 4,095 bytes cannot be opened; a command could make them all the same.
LONGEST_PATH = 3500
# Between batches of files there is a pause, in which the loop has the interpreter for itself.
PAUSE_AFTER = 512
PAUSE_SECONDS = 0.001


class TreeSize:
    """Bytes of the files that were added, a file with several names once.

    `is_partial`: there were directories that could not be read.
    """

    def __init__(self, owner: int | None = None, *, enough: int | None = None) -> None:
        """Count what belongs to `owner`, or everything; stop when it is more than `enough`."""
        self.bytes = 0
        self.is_partial = False
        self._owner = owner
        self._enough = enough
        self._linked: set[tuple[int, int]] = set()
        self._count = 0

    def add(self, path: str) -> None:
        """Count a file, or a directory with all that is in it, following no link."""
        try:
            found = os.stat(path, follow_symlinks=False)
        except OSError:
            return
        pending = [path] if self._take(found) else []
        while pending and (self._enough is None or self.bytes <= self._enough):
            pending += self._look_into(pending.pop())

    def _look_into(self, directory: str) -> Iterator[str]:
        """Yield the directories in a directory, and count what is in it."""
        if len(directory) > LONGEST_PATH:
            self.is_partial = True
            return
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if self._take(found):
                        yield entry.path
                    if self._enough is not None and self.bytes > self._enough:
                        return
        except FileNotFoundError:
            return
        except OSError:
            self.is_partial = True

    def _take(self, found: os.stat_result) -> bool:
        """Count what was found; return whether it is a directory, to be looked into."""
        self._count += 1
        if self._count % PAUSE_AFTER == 0:
            time.sleep(PAUSE_SECONDS)
        is_directory = stat.S_ISDIR(found.st_mode)
        if self._owner is not None and found.st_uid != self._owner:
            return is_directory
        if found.st_nlink > 1 and not is_directory:
            name = (found.st_dev, found.st_ino)
            if name in self._linked:
                return False
            self._linked.add(name)
        self.bytes += max(found.st_blocks * BLOCK, LEAST)
        return is_directory
