"""Memory that belongs to a user and to no process: files in /dev/shm, memfds, System V segments."""

from __future__ import annotations

import os
from contextlib import suppress

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.shared_places import SharedFolder
from punctual_worker.runner.limits.open_files import BLOCK, nameless_files
from punctual_worker.runner.limits.tree_size import TreeSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = "/dev/shm"
KIB = 1024
# The columns of /proc/sysvipc/shm.
OWNER, CREATOR, RESIDENT, SWAPPED = 7, 9, 14, 15


class SharedMemory:
    """What each of these users has of it."""

    def __init__(self, users: range) -> None:
        self._folder = SharedFolder(FOLDER, users)
        self.devices = memory_devices()

    def of_machine(self) -> int:
        """Return the size of all shared memory and of all files in memory."""
        with suppress(OSError), open("/proc/meminfo", "rb", buffering=0) as file:
            for line in file.read().splitlines():
                if line.startswith(b"Shmem:"):
                    return int(line.split()[1]) * KIB
        return 1 << 62

    def of_user(self, uid: int, pids: Sequence[int]) -> int:
        """Return the size of a user's, whose processes these are."""
        size = TreeSize(uid)
        paths = [path for path, _ in self._folder.left_by({uid})]
        with ActingAs(uid):
            for path in paths:
                size.add(path)
        nameless = (each for each in nameless_files(pids) if each.st_dev in self.devices)
        segments = _segments_of(uid)
        return size.bytes + sum(each.st_blocks * BLOCK for each in nameless) + segments


def memory_devices() -> frozenset[int]:
    """Return the devices whose files count as memory."""
    found = set()
    with suppress(OSError):
        found.add(os.stat(FOLDER).st_dev)
    with suppress(OSError):
        descriptor = os.memfd_create("probe")
        found.add(os.fstat(descriptor).st_dev)
        os.close(descriptor)
    return frozenset(found)


def _segments_of(uid: int) -> int:
    size = 0
    with suppress(OSError), open("/proc/sysvipc/shm", "rb") as file:
        for fields in map(bytes.split, file.read().splitlines()[1:]):
            if uid in (int(fields[OWNER]), int(fields[CREATOR])):
                size += int(fields[RESIDENT]) + int(fields[SWAPPED])
    return size
