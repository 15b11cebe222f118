"""Prepare the runner's own process, so that what it starts inherits nothing but defaults."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys

from punctual_worker.runner.host.scheduling import raise_priority

PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION = 0x20080522
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
FOR_SLOT_USERS = (CAP_KILL, CAP_SETGID, CAP_SETUID)
# The loop releases the interpreter lock at each system call that may block. Another thread, which
# sums up memory or removes trees, would hold it for five milliseconds by default.
SWITCH_SECONDS = 0.0001


def prepare() -> int:
    """Make this process fit to be a runner; return the soft limit on descriptors it came with."""
    _become_subreaper()
    _reset_signals()
    _reset_descriptors()
    raise_priority()
    sys.setswitchinterval(SWITCH_SECONDS)
    os.umask(0o022)
    os.chdir("/")
    return _raise_descriptor_limit()


def become(user: int, group: int, *, capabilities: tuple[int, ...] = ()) -> None:
    """Become that user without a way back, and without a capability but those given.

    The process does so itself, so that Python and this package may be where that user cannot read.
    Until then the process is root's, and out of reach of every command. What it starts has no
    capability at all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    os.setgroups([])
    os.setresgid(group, group, group)
    libc.prctl(PR_SET_KEEPCAPS, bool(capabilities), 0, 0, 0)
    os.setresuid(user, user, user)
    if capabilities:
        _set_capabilities(libc, capabilities)
    # Root gave its rights up on purpose: no setuid program gives a command any of them back.
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot close setuid programs to commands")


def _set_capabilities(libc: ctypes.CDLL, capabilities: tuple[int, ...]) -> None:
    bits = sum(1 << capability for capability in capabilities)
    words = [half for word in (bits & 0xFFFFFFFF, bits >> 32) for half in (word, word, 0)]
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)(*words)) != 0:
        raise OSError(ctypes.get_errno(), "cannot keep the capabilities that slot users take")


def forbid_inspection() -> None:
    """Close this process to its commands, which are the same user: memory, descriptors, ptrace.

    From here on what is below /proc/self belongs to root, and cannot be opened for writing.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot close the runner to its commands")


def stop_automatic_gc() -> None:
    """Exempt what exists from garbage collection, and leave the time of collections to the loop.

    A collection in the wrong millisecond is lateness. The loop makes no reference cycles to speak
    of, and collects when nothing is due.
    """
    gc.disable()
    gc.collect()
    gc.freeze()


def _become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NAME, b"punctual-runner", 0, 0, 0)
    # Orphans of commands come to us, not to whatever is process 1, so that "no children left"
    # means "nothing left".
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")


def _reset_signals() -> None:
    for number in signal.valid_signals():
        if number in (signal.SIGKILL, signal.SIGSTOP):
            continue
        if signal.getsignal(number) == signal.SIG_IGN and number != signal.SIGPIPE:
            signal.signal(number, signal.SIG_DFL)
    # The agent decides when a runner ends: by closing the socket, or by dying. An empty handler,
    # not SIG_IGN: handlers are reset in a started command, ignored signals stay ignored.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    # Pidfds report ends. Blocked in every thread, this signal stays pending: while the main
    # thread starts something and takes none, each end would wake another thread for nothing.
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGCHLD])


def _reset_descriptors() -> None:
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    while null <= 2:  # a closed stderr would otherwise be handed out as a command's pipe
        null = os.dup(null)
    os.close(null)


def _raise_descriptor_limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft
