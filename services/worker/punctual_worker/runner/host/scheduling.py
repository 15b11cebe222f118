"""Have the runner scheduled first, also among thousands of processes that want the processor.

A fork bomb makes more processes than there are turns, and only the runner can end it. What helps
without any right is a short slice (Linux 6.12): of equals, the one that wants little goes first.
With the right to it (CAP_SYS_NICE), a better priority comes on top. Neither is inherited by what
the runner starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274, "ppc64le": 355, "s390x": 345}
SCHED_OTHER = 0
RESET_ON_FORK = 1
ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # struct sched_attr of sched_setattr(2), first version
SLICE_NS = 100_000  # the shortest that the kernel knows; older ones ignore it
NICE = -15


def raise_priority() -> None:
    """Raise the priority of this process and shorten its slice, as far as the kernel allows."""
    # Where sessions share the processor as groups, it is the group that must come first.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as file:
        file.write(str(NICE))
    number = SCHED_SETATTR.get(os.uname().machine)
    if number is None:
        return
    for nice in (NICE, os.getpriority(os.PRIO_PROCESS, 0)):
        wanted = ATTRIBUTES.pack(
            *(ATTRIBUTES.size, SCHED_OTHER, RESET_ON_FORK, nice, 0, SLICE_NS, 0, 0)
        )
        if ctypes.CDLL(None).syscall(number, 0, wanted, 0) == 0:
            return
