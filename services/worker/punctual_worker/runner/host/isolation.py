"""Find which isolation of commands is in force, by the runner itself: they inherit all of it."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWUSER = 0x10000000
SECCOMP_FILTER = b"2"
CGROUPS = "/sys/fs/cgroup"
NO_LIMIT = 1 << 62
"""Version 1 has no word for "no limit" and writes about the largest number."""


def probe(*, user_per_slot: bool, own_process_view: bool) -> dict[str, bool]:
    """Return what is in force, by the names that docs/operate/isolation.md explains."""
    status = _status()
    # What another user's program has of this process's capabilities after its exec is the last two.
    own = () if user_per_slot else (b"CapPrm", b"CapEff")
    capabilities = (status.get(name, b"0") for name in (*own, b"CapInh", b"CapAmb"))
    return {
        "user_per_slot": user_per_slot,
        "own_process_view": own_process_view,
        "unprivileged": os.geteuid() != 0 and not any(int(each, 16) for each in capabilities),
        "no_new_privileges": status.get(b"NoNewPrivs") == b"1",
        "seccomp": status.get(b"Seccomp") == SECCOMP_FILTER,
        "read_only_root": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
        "cgroup_limits": _has_cgroup_limits(),
        "user_namespaces": _may_make_user_namespaces(),
        "writable_cgroup": _has_writable_cgroup(),
    }


def _status() -> dict[bytes, bytes]:
    with open("/proc/self/status", "rb") as file:
        pairs = (line.split(b":", 1) for line in file if b":" in line)
        return {name: value.strip() for name, value in pairs}


def _may_make_user_namespaces() -> bool:
    child = os.fork()  # as a process cannot leave its new namespace again
    if child == 0:
        os._exit(ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _has_writable_cgroup() -> bool:
    return any(os.access(f"{CGROUPS}{path}/cgroup.procs", os.W_OK) for path in _own_cgroups())


def _has_cgroup_limits() -> bool:
    """Return whether both memory and processes of our cgroup, or of one above it, are limited."""
    version_1 = ("memory/memory.limit_in_bytes", "pids/pids.max")
    if not _own_cgroups():
        return all(_is_limit(f"{CGROUPS}/{name}") for name in version_1)
    return all(
        any(_is_limit(f"{CGROUPS}{above}/{name}") for path in _own_cgroups() for above in _up(path))
        for name in ("memory.max", "pids.max")
    )


def _own_cgroups() -> list[str]:
    """Return the path of our cgroup in version 2; none where there is only version 1."""
    try:
        with open("/proc/self/cgroup") as file:
            return [line.rstrip("\n").split(":", 2)[2] for line in file if line.startswith("0::")]
    except OSError:
        return []


def _up(path: str) -> list[str]:
    """Return a cgroup and those above it, up to the root of what is mounted here."""
    parts = path.strip("/").split("/") if path.strip("/") else []
    return ["".join(f"/{part}" for part in parts[:count]) for count in range(len(parts), -1, -1)]


def _is_limit(file: str) -> bool:
    try:
        with open(file) as opened:
            text = opened.read().strip()
    except OSError:
        return False
    return text.isdecimal() and int(text) < NO_LIMIT
