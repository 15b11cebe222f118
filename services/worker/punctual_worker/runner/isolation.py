"""Finds out what holds commands in, by looking at the runner itself: they inherit all of it."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWUSER = 0x10000000
SECCOMP_FILTER = b"2"
CGROUPS = "/sys/fs/cgroup"


def probe() -> dict[str, bool]:
    """Return what is in force, by the names that docs/isolation.md explains."""
    status = _status()
    capabilities = (status.get(name, b"0") for name in (b"CapPrm", b"CapEff", b"CapAmb"))
    return {
        "unprivileged": os.geteuid() != 0 and not any(int(each, 16) for each in capabilities),
        "no_new_privileges": status.get(b"NoNewPrivs") == b"1",
        "seccomp": status.get(b"Seccomp") == SECCOMP_FILTER,
        "read_only_root": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
        "user_namespaces": _may_make_user_namespaces(),
        "writable_cgroup": _has_writable_cgroup(),
    }


def _status() -> dict[bytes, bytes]:
    with open("/proc/self/status", "rb") as file:
        pairs = (line.split(b":", 1) for line in file if b":" in line)
        return {name: value.strip() for name, value in pairs}


def _may_make_user_namespaces() -> bool:
    child = os.fork()  # as one does not come back from it
    if child == 0:
        os._exit(ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _has_writable_cgroup() -> bool:
    try:
        with open("/proc/self/cgroup") as file:
            own = [line.rstrip("\n").split(":", 2)[2] for line in file if line.startswith("0::")]
    except OSError:
        return False
    return any(os.access(f"{CGROUPS}{path}/cgroup.procs", os.W_OK) for path in own)
