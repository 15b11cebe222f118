"""Copy programs to where any user can read them, and remove unused copies."""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

COPIES = Path("/var/lib/punctual")
"""Any user gets there, and only root writes there."""
UNFINISHED = "copy-"
KINDS = ("python-", "code-", UNFINISHED)
UNUSED_SECONDS = 24 * 3600
"""A copy is removed this long after a worker last began to use it, unless it is in use."""


def copy(name: str, fill: Callable[[Path], None]) -> Path:
    """Return the folder of that name, filled by the worker that comes first; never a half of it.

    It is this process's to use until it ends: other workers do not remove it before that.
    """
    folder = COPIES / name
    while not _take(folder):
        _make(folder, fill)
    return folder


def remove_unused(*, keep: Collection[Path]) -> None:
    """Remove the copies that no living process uses and that none came to use for a day."""
    for folder in COPIES.iterdir():
        if folder.name.startswith(KINDS) and folder not in keep:
            with suppress(OSError):  # of use to this worker alone if it succeeds
                _remove_if_unused(folder)


def _take(folder: Path) -> bool:
    """Lock a copy until this process ends; return False when there is none."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if not _is_still(folder, descriptor):  # another worker removed it just now
        os.close(descriptor)
        return False
    with suppress(OSError):  # a file system that can only be read
        os.utime(descriptor)
    return True


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _make(folder: Path, fill: Callable[[Path], None]) -> None:
    COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=COPIES))
    try:
        fill(new)
        for each in (new, *new.rglob("*")):
            mode = each.stat().st_mode
            runs = stat.S_ISDIR(mode) or mode & stat.S_IXUSR
            each.chmod(0o755 if runs else 0o644)
        new.rename(folder)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not folder.exists():  # else another worker was faster
            raise


def _remove_if_unused(folder: Path) -> None:
    if time.time() - folder.stat().st_mtime < UNUSED_SECONDS:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        aside = COPIES / f"{UNFINISHED}{secrets.token_hex(4)}"
        folder.rename(aside)  # so that a worker finds all of it or nothing
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        os.close(descriptor)
