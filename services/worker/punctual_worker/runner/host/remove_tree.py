"""Remove directory trees that commands made: read-only, endlessly wide or deeper than any path."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from itertools import count


def remove_tree(path: str) -> None:
    """Remove `path` and all below it, following no link; what the system refuses to remove stays.

    Subdirectories are first moved next to `path`, so that no path ever gets longer than one name
    and no recursion deeper than one level.
    """
    if os.path.islink(path):  # a command put it in a directory's place
        with suppress(OSError):
            os.unlink(path)
        return
    names = count()
    pending = [path]
    while pending:
        directory = pending.pop()
        while _empty_once(directory, pending, path, names):
            # Entries may be missed while others vanish beneath the reader: look again until a
            # pass removes nothing.
            continue
        try:
            os.rmdir(directory)
        except OSError:
            # An immutable file, a mount, a stuck disk: what stays costs disk space at most, so
            # it must not cost anything else.
            continue


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
        os.chmod(entry.path, stat.S_IRWXU)  # moving a directory rewrites its `..`
        aside = f"{top}-{next(names)}"
        os.rename(entry.path, aside)
    except OSError:
        return False
    pending.append(aside)
    return True
