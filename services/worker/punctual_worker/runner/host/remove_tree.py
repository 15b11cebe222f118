"""Remove directory trees that commands made: read-only, endlessly wide or deeper than any path."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from itertools import count


def remove_tree(path: str, *, aside: str | None = None, until_ns: int | None = None) -> None:
    """Remove `path` and all below it, following no link; what the system refuses to remove stays.

    Subdirectories are first moved next to `path`, so that no path ever gets longer than one name
    and no recursion deeper than one level. They are named after `aside`, where others may write
    next to `path`. What is not removed by `until_ns` stays too.
    """
    if os.path.islink(path) or not os.path.isdir(path):  # a command put it in a directory's place
        with suppress(OSError):
            os.unlink(path)
        return
    names = count()
    pending = [path]
    while pending and not _is_over(until_ns):
        directory = pending.pop()
        while _empty_once(directory, pending, aside or path, names) and not _is_over(until_ns):
            # Entries may be missed while others vanish beneath the reader: look again until a
            # pass removes nothing.
            continue
        try:
            os.rmdir(directory)
        except OSError:
            # An immutable file, a mount, a stuck disk: what stays costs disk space at most, so
            # it must not cost anything else.
            continue


def _is_over(until_ns: int | None) -> bool:
    return until_ns is not None and time.monotonic_ns() > until_ns


def _empty_once(directory: str, pending: list[str], top: str, names: count[int]) -> bool:
    """Take out every entry that can be; True when there were any."""
    removed = False
    try:
        os.chmod(directory, stat.S_IRWXU)
        with os.scandir(directory) as entries:
            for entry in entries:
                removed |= _take_out(entry, pending, top, names)
    except OSError:
        return False
    return removed


def _take_out(entry: os.DirEntry[str], pending: list[str], top: str, names: count[int]) -> bool:
    try:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)
            return True
        with suppress(OSError):
            os.rmdir(entry.path)  # empty, and perhaps another user's, who cannot move it
            return True
        os.chmod(entry.path, stat.S_IRWXU)  # moving a directory rewrites its `..`
        aside = f"{top}-{next(names)}"
        os.rename(entry.path, aside)
    except OSError:
        return False
    pending.append(aside)
    return True
