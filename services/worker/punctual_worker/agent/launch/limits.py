"""Default resource limits of attempts: as set, or a share of the machine."""

import os
from pathlib import Path

from punctual.ops.config import Settings

MOST_PROCESSES = 1024
SHARE = 2
"""One attempt gets a half at most, so that it can never take what the worker itself needs."""

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def default_limits(settings: Settings) -> dict[str, int]:
    """Return the limits of an attempt by name; 0 is no limit."""
    processes, memory = settings.limit_processes, settings.limit_memory_bytes
    if processes is None:
        processes = min(_least("pids.max", "pids/pids.max"), MOST_PROCESSES * SHARE) // SHARE
    if memory is None:
        machine = int(MEMINFO.read_text().split()[1]) * 1024
        container = _least("memory.max", "memory/memory.limit_in_bytes")
        memory = min(machine, container) // SHARE
    disk = settings.limit_disk_bytes
    if disk is None:
        disk = _size_of_disk(settings.work_dir) // SHARE
    return {
        "processes": processes,
        "memory_bytes": memory,
        "file_bytes": settings.limit_file_bytes,
        "disk_bytes": disk,
    }


def _least(*names: str) -> int:
    """Return the container's memory limit, by either version of cgroups."""
    found = [int(text) for name in names if (text := _read(CGROUP / name)).isdecimal()]
    return min(found, default=1 << 62)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _size_of_disk(work_dir: Path) -> int:
    """Return the size of the file system that commands have their homes on; 0 where it has none."""
    try:
        found = os.statvfs(work_dir)
    except OSError:
        return 0
    return found.f_blocks * found.f_frsize
