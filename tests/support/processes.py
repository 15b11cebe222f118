"""Processes of tests: one whose pipes a test reads or writes, and users for those of workers."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from punctual.ops.slot_users import SlotUserRange

FIRST_SLOT_USER = 2_141_000_000
USERS_OF_A_PROCESS = 4_000
_ranges = count()


@contextmanager
def process_with_pipes(
    command: Sequence[str], **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process; at the end of the block, even a failed one, kill it and close its pipes.

    `options` are those of Popen. A pipe that is left open makes another test fail, whenever the
    garbage collector finds it.
    """
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def free_slot_users(slots: int) -> SlotUserRange:
    """Return users of slots that no other worker of the tests has."""
    # Processes that run at the same time have numbers that are near each other.
    offset = os.getpid() % 1500 * USERS_OF_A_PROCESS + next(_ranges) * (2 * slots + 1)
    return SlotUserRange(FIRST_SLOT_USER + offset, slots)
