"""Adds up what attempts have on disk: in their homes, and what their users have in shared folders.

Walking through a tree takes the longer the more files there are. So it is done only where it could
matter: an attempt has no more than is in use on all of these file systems together.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.shared_places import SharedFolder
from punctual_worker.runner.limits.counting_thread import CountingThread
from punctual_worker.runner.limits.open_files import BLOCK, nameless_files
from punctual_worker.runner.limits.shared_memory import memory_devices
from punctual_worker.runner.limits.tree_size import TreeSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from punctual_worker.runner.limits.usage import Usage

PLACES = ("/tmp", "/var/tmp")  # /dev/shm is memory
RECENT_NS = 1_000_000_000


class Disk(CountingThread):
    """Answers which attempts have more on disk than they may."""

    rest_factor = 30
    niceness = 10

    def __init__(self, users: range | None) -> None:
        """`users` are those that attempts have of their own."""
        super().__init__()
        self._places = () if users is None else tuple(SharedFolder(each, users) for each in PLACES)
        self._memory_devices = memory_devices()
        self._in_use = self._looked_ns = 0
        # How much was in use when an attempt was first seen.
        self._before: dict[int, int] = {}

    def begin(self, usages: Sequence[Usage]) -> None:
        """Ask the file systems how much of them is in use."""
        before, self._in_use = self._in_use, self._used([usage.home for usage in usages])
        now_ns = time.monotonic_ns()
        if now_ns > self._looked_ns + RECENT_NS:
            before = self._in_use  # what others have written since then is not this attempt's
        self._looked_ns = now_ns
        self._before = {usage.serial: self._before.get(usage.serial, before) for usage in usages}

    def may_be_over(self, usage: Usage) -> bool:
        """Compare with what all have together."""
        return self._in_use > usage.most

    def is_over(self, usage: Usage) -> bool:
        """Count its files."""
        size = TreeSize(usage.uid, enough=usage.most)
        if usage.uid is None:
            self._add(size, usage, ())
        else:
            paths = [path for place in self._places for path, _ in place.left_by({usage.uid})]
            with ActingAs(usage.uid):
                self._add(size, usage, paths)
        nameless = sum(
            each.st_blocks * BLOCK
            for each in nameless_files(usage.pids)
            if each.st_dev not in self._memory_devices
        )
        grown = self._in_use - self._before[usage.serial]
        # What it closed to everyone, itself included, may be all that has come since.
        return max(size.bytes + nameless, grown if size.is_partial else 0) > usage.most

    def _add(self, size: TreeSize, usage: Usage, paths: Sequence[str]) -> None:
        for path in (usage.home, *paths):
            if path is not None:
                size.add(path)

    def _used(self, homes: Sequence[str | None]) -> int:
        """Return how many bytes are in use on the file systems of these and of shared folders."""
        used = {}
        # Homes are on one file system.
        some_home = next((os.path.dirname(home) for home in homes if home is not None), None)
        for path in filter(None, (some_home, *(PLACES if self._places else ()))):
            with suppress(OSError):
                found = os.statvfs(path)
                used[os.stat(path).st_dev] = (found.f_blocks - found.f_bfree) * found.f_frsize
        return sum(used.values())
