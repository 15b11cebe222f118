"""Have commands see their own processes in /proc alone, where the kernel lets this process."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x20000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_SLAVE = 2, 4, 8, 16384, 1 << 19
# Before it every /proc of a PID namespace had the same options: the machine's would change too.
OPTIONS_OF_A_MOUNT = (5, 8)


def restrict_process_view(group: int) -> bool:
    """Mount a /proc for this process and its commands, that hides processes of other users.

    Members of `group` see all. Return False where that cannot be had; then nothing is changed.
    """
    if _release() < OPTIONS_OF_A_MOUNT:
        return False
    libc = ctypes.CDLL(None)
    # What is mounted later is seen here too, and nothing of this outside.
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None) != 0:
        return False
    options = b"hidepid=2,gid=%d" % group
    mounted: int = libc.mount(b"proc", b"/proc", b"proc", flags, options)
    return mounted == 0


def _release() -> tuple[int, ...]:
    numbers = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdecimal())
