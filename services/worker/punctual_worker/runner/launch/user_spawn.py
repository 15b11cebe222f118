"""Start a program as another user for the price of posix_spawn, which cannot change the user.

A fork copies the runner's page tables, and half as much processor time again goes into it as into
all of a start. So the child shares the runner's memory until its exec, as a child of vfork(2) and
of posix_spawn does, and the runner's thread sleeps until then. No Python can run in such a child.
What it has to do is a list of C calls, each prepared by makecontext(3); each goes on to the next
one when it returns (docs/internals/decisions/worker/0033-slot-users.md).

The memory is not open to the child's new user: the runner is not dumpable, and the child counts as
the runner until its exec.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import struct

from punctual_worker.runner.host.acting_as import set_ids_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CLONE_VM, CLONE_VFORK = 0x100, 0x4000
STACK = 64 * 1024  # of one call; the dynamic linker may have to find the function first
# More than ucontext_t takes on any architecture: some 1 KiB, on aarch64 4.5 KiB.
CONTEXT = 16 * 1024
# The first fields of ucontext_t are the same on every Linux: flags, the context to go on with, and
# the stack: its address, flags and size.
LINKS = struct.Struct("@LPPiN")
CALLS = (
    *("syscall", "signal", "setsid", "dup2", "getresuid", "getresgid", "prlimit", "execve"),
    *("memset", "_exit"),
)
ID = 4  # bytes of a user's number
# Python ignores them, and a command expects `yes | head` to end.
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
SIG_DFL = 0
RLIMIT = struct.Struct("=QQ")
UNLIMITED = (1 << 64) - 1


class UserSpawn:
    """Starts programs as users, with limits, in a session of their own."""

    def __init__(self, limits: Sequence[int]) -> None:
        """Prepare for starts that set these resource limits; OSError where it cannot be done."""
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._getcontext, self._makecontext = libc.getcontext, libc.makecontext
            self._clone = libc.clone
            self._first = _address(libc.setcontext)
            self._calls = {name: _address(getattr(libc, name)) for name in CALLS}
        except AttributeError:
            raise OSError("slot users: they need the GNU C library") from None
        self._set_user, self._set_group = set_ids_numbers()
        self._limits = limits
        self._limit_values = (ctypes.c_uint64 * (2 * len(limits)))()
        self._failed = ctypes.c_char(0)
        self._became = (ctypes.c_uint32 * 6)()  # its groups and users: real, effective, saved
        self._memory = mmap.mmap(-1, (len(limits) + len(IGNORED) + 11) * (CONTEXT + STACK))
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        places = range(start, start + len(self._memory), CONTEXT + STACK)
        *self._contexts, self._clone_stack = places
        self._prepare_contexts()

    def spawn(
        self,
        program: str,
        argv: Sequence[str],
        env: dict[str, str],
        *,
        uid: int,
        streams: tuple[int, int],
        limits: Sequence[tuple[int, int]],
    ) -> int:
        """Start it now and return its pid, when exec has succeeded; OSError when nothing runs."""
        path = _text(program)
        words = _texts(argv)
        if any("=" in name for name in env):
            raise ValueError("illegal environment variable name")
        variables = _texts([f"{name}={value}" for name, value in env.items()])
        for at, (soft, hard) in enumerate(limits):
            self._limit_values[2 * at : 2 * at + 2] = [soft & UNLIMITED, hard & UNLIMITED]
        self._failed.value = b"\0"
        self._became[:] = [0] * len(self._became)
        became, values = ctypes.addressof(self._became), ctypes.addressof(self._limit_values)
        self._set_calls(
            [
                ("setsid",),
                *(("signal", number, SIG_DFL) for number in IGNORED),
                ("dup2", streams[0], 1),
                ("dup2", streams[1], 2),
                ("syscall", self._set_group, uid, uid, uid),
                ("syscall", self._set_user, uid, uid, uid),
                ("getresgid", became, became + ID, became + 2 * ID),
                ("getresuid", became + 3 * ID, became + 4 * ID, became + 5 * ID),
                *(
                    ("prlimit", 0, number, values + at * RLIMIT.size, 0)
                    for at, number in enumerate(self._limits)
                ),
                ("execve", ctypes.addressof(path), ctypes.addressof(words), _of(variables)),
                ("memset", ctypes.addressof(self._failed), 1, 1),
                ("_exit", 127),
            ]
        )
        pid, error = self._start()
        if self._failed.value != b"\0":
            os.waitpid(pid, 0)
            raise OSError(error, os.strerror(error))
        if set(self._became) != {uid}:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise OSError(errno.EAGAIN, "cannot become the user of the slot")
        return pid

    def _prepare_contexts(self) -> None:
        """Chain the contexts; each keeps the signals that are blocked now: none."""
        before = signal.pthread_sigmask(signal.SIG_SETMASK, [])
        try:
            for context in self._contexts:
                if self._getcontext(ctypes.c_void_p(context)) != 0:
                    raise OSError(ctypes.get_errno(), "cannot prepare starts")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for context, after in zip(self._contexts, [*self._contexts[1:], 0], strict=True):
            head = (ctypes.c_char * LINKS.size).from_address(context)
            flags = LINKS.unpack(head.raw)[0]
            head.raw = LINKS.pack(flags, after, context + CONTEXT, 0, STACK)

    def _set_calls(self, calls: Sequence[tuple[str | int, ...]]) -> None:
        for context, (name, *arguments) in zip(self._contexts, calls, strict=True):
            self._makecontext(
                ctypes.c_void_p(context),
                ctypes.c_void_p(self._calls[str(name)]),
                len(arguments),
                *map(ctypes.c_long, map(int, arguments)),
            )

    def _start(self) -> tuple[int, int]:
        flags = CLONE_VM | CLONE_VFORK | signal.SIGCHLD
        ctypes.set_errno(0)
        pid = self._clone(
            ctypes.c_void_p(self._first),
            ctypes.c_void_p(self._clone_stack + CONTEXT + STACK),
            flags,
            ctypes.c_void_p(self._contexts[0]),
        )
        error = ctypes.get_errno()
        if pid < 0:
            raise OSError(error, os.strerror(error))
        return pid, error


def _address(function: object) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert address is not None
    return address


def _of(array: ctypes.Array[ctypes.c_char_p]) -> int:
    return ctypes.addressof(array)


def _text(text: str) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(_encoded(text))


def _texts(texts: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(texts) + 1))(*map(_encoded, texts))


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("embedded null byte")
    return os.fsencode(text)
