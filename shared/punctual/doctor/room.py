"""Free space: in the database, in the queue, on the disks of this machine."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import Connection, text

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.ops.config import Settings

LEAST_FREE_BYTES = 64 * 1024 * 1024
LEAST_FREE_SHARE = 0.05
LEAST_FREE_FILES = 1000

# A table of this session alone, which takes a megabyte on the disk and is gone at the commit. The
# text cannot be compressed away.
WRITE = text("""
CREATE TEMPORARY TABLE punctual_doctor ON COMMIT DROP AS
SELECT sha512(CAST(CAST(n AS text) AS bytea)) AS data FROM generate_series(1, 12000) AS n
""")


def write_findings(connection: Connection, _: Settings) -> list[Finding]:
    """Return whether the database can take more."""
    connection.execute(WRITE)
    connection.commit()
    return [ok("database writes", "a megabyte was written, and removed again")]


def queue_write_finding(client: Any, namespace: str) -> Finding:
    """Return whether the queue can take more."""
    key = f"{namespace}:doctor"
    try:
        client.set(key, "1", ex=10)
        client.delete(key)
    except redis.RedisError as failure:
        return error("queue writes", f"refused, so runs start late: {failure}")
    return ok("queue writes", "a key was written, and removed again")


def disk_findings(folders: Sequence[Path]) -> list[Finding]:
    """Return how much is free where these folders are; each file system is looked at once."""
    found: list[Finding] = []
    seen: set[int] = set()
    for folder in folders:
        if not folder.exists() or (device := folder.stat().st_dev) in seen:
            continue
        seen.add(device)
        found.append(_disk(folder))
    return found


def _disk(folder: Path) -> Finding:
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    share = disk.f_bavail / max(disk.f_blocks, 1)
    detail = f"{folder}: {free / 2**30:.1f} GiB free ({share:.0%})"
    if free < LEAST_FREE_BYTES or (disk.f_files and disk.f_favail < 1):
        return error("disk", f"{detail}: full; make room")
    if share < LEAST_FREE_SHARE or (disk.f_files and disk.f_favail < LEAST_FREE_FILES):
        return warning("disk", f"{detail}: nearly full")
    return ok("disk", detail)
