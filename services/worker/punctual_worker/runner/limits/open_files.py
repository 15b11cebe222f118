"""Files that a process has open and that have no name any more: only there they can be found."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from punctual_worker.runner.host.acting_as import ActingAs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOCK = 512  # in which st_blocks counts


def nameless_files(pids: Sequence[int]) -> Iterator[os.stat_result]:
    """Yield each one once that belongs to the user of its process.

    A process that lets no one look into it, not even its user, shows none.
    """
    seen = set()
    for pid in pids:
        with suppress(OSError):
            uid = os.stat(f"/proc/{pid}").st_uid
            folder = f"/proc/{pid}/fd"
            with ActingAs(uid):
                found = [_stat(f"{folder}/{number}") for number in os.listdir(folder)]
            for each in found:
                if each is None or each.st_uid != uid or each.st_nlink:
                    continue
                if stat.S_ISREG(each.st_mode) and (each.st_dev, each.st_ino) not in seen:
                    seen.add((each.st_dev, each.st_ino))
                    yield each


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
