"""Sums up the memory of attempts.

The resident sizes of an attempt's processes count a page as often as it is shared, so a large
program that forks seems to use a multiple. Only where their sum is over the limit the kernel is
asked for each page's share, which costs it milliseconds for each gigabyte.

Files in memory (shared_memory.py) count where an attempt has a user of its own. What of them is
mapped counts once: the larger of the two, as which pages are both is not to be had.
"""

from __future__ import annotations

import os

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.limits.counting_thread import CountingThread
from punctual_worker.runner.limits.shared_memory import SharedMemory

PAGE = os.sysconf("SC_PAGE_SIZE")
KIB = 1024

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from punctual_worker.runner.limits.usage import Usage


class Memory(CountingThread):
    """Answers which attempts use more memory than they may."""

    rest_factor = 20

    def __init__(self, users: range | None) -> None:
        """`users` are those that attempts have of their own."""
        super().__init__()
        self._shared = None if users is None else SharedMemory(users)
        self._shared_by_all = 0

    def begin(self, usages: Sequence[Usage]) -> None:
        """Ask how much shared memory the machine has: no attempt has more."""
        del usages
        if self._shared is not None:
            self._shared_by_all = self._shared.of_machine()

    def may_be_over(self, usage: Usage) -> bool:
        """Add up what is quick to read, each page as often as it is shared."""
        return sum(map(_resident, usage.pids)) + self._shared_by_all > usage.most

    def is_over(self, usage: Usage) -> bool:
        """Add up each page's share."""
        shared = 0
        if self._shared is not None and usage.uid is not None:
            shared = self._shared.of_user(usage.uid, usage.pids)
        if sum(map(_resident, usage.pids)) + shared <= usage.most:
            return False
        shares = [_share(pid) for pid in usage.pids]
        mapped = sum(of_files for _, of_files in shares)
        return sum(whole for whole, _ in shares) - mapped + max(mapped, shared) > usage.most


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _share(pid: int) -> tuple[int, int]:
    """Return a process's memory, of each page its share, and how much of it is shared memory.

    All of it where shares are not known.
    """
    whole = mapped = 0
    try:
        # What a process shares is open to its own user, so it is read as that one.
        with (
            ActingAs(os.stat(f"/proc/{pid}").st_uid),
            open(f"/proc/{pid}/smaps_rollup", "rb", buffering=0) as file,
        ):
            for line in file.read().splitlines():
                if line.startswith(b"Pss:"):
                    whole = int(line.split()[1]) * KIB
                elif line.startswith(b"Pss_Shmem:"):
                    mapped = int(line.split()[1]) * KIB
    except OSError:
        return _resident(pid), 0
    return whole, mapped
