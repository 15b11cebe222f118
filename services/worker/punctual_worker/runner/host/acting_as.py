"""Act as another user on files, or altogether, in one thread and for a moment.

The calls of the C library would change all threads, and change back what others rely on; the kernel
keeps a user for each thread.
"""

from __future__ import annotations

import ctypes
import os

# setresuid and setresgid; the numbers differ between architectures.
SET_RESOLVED_IDS = {
    "x86_64": (117, 119),
    "aarch64": (147, 149),
    "riscv64": (147, 149),
    "ppc64le": (164, 169),
    "s390x": (208, 210),
}
UNCHANGED = -1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def set_ids_numbers() -> tuple[int, int]:
    """Return the numbers of setresuid and setresgid; OSError where they are not known."""
    try:
        return SET_RESOLVED_IDS[os.uname().machine]
    except KeyError:
        raise OSError(f"slot users: not available on {os.uname().machine}") from None


class ActingAs:
    """A context in which files are made, opened and removed as a user and its group.

    Who may signal or inspect this process is decided by other numbers, which stay as they are.
    """

    __slots__ = ("_before", "_uid")

    def __init__(self, uid: int) -> None:
        self._uid = uid
        self._before = (0, 0)

    def __enter__(self) -> None:
        group = _libc.setfsgid(self._uid)
        self._before = _libc.setfsuid(self._uid), group

    def __exit__(self, *_: object) -> None:
        user, group = self._before
        _libc.setfsuid(user)
        _libc.setfsgid(group)


class EffectivelyAs:
    """A context in which this thread is another user in effect, which IPC objects ask for.

    Processes of that user might change the priority of this thread then: use it when none lives.
    Signals they could not send: those go by the real user, which stays.
    """

    __slots__ = ("_own", "_uid")

    def __init__(self, uid: int) -> None:
        self._uid = uid
        self._own = (os.geteuid(), os.getegid())

    def __enter__(self) -> None:
        _set_effective(self._uid, self._uid)

    def __exit__(self, *_: object) -> None:
        _set_effective(*self._own)


def _set_effective(uid: int, gid: int) -> None:
    set_user, set_group = set_ids_numbers()
    for number, effective in ((set_group, gid), (set_user, uid)):
        if _libc.syscall(number, UNCHANGED, effective, UNCHANGED) != 0:
            raise OSError(ctypes.get_errno(), "cannot act as another user")
