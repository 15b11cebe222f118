"""Finds programs as a shell does, without touching a filesystem that may hang.

The runner waits while the kernel opens a program. Where that lies on another machine it may wait
for ever, and everybody's runs with it; a shell in between waits alone.
"""

from __future__ import annotations

import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOUNTS = "/proc/self/mounts"
# fmt: off
REMOTE = frozenset((
    "9p", "acfs", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "gfs", "gfs2", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs",
    "virtiofs",
))
# fmt: on
MOST_LINKS = 40
MOST_KNOWN = 4096
ELF = b"\x7fELF"
OCTAL = re.compile(r"\\([0-7]{3})")


class ExecutableLookup:
    """What can be started at once; forget() now and then, for filesystems come and go."""

    def __init__(self, mounts: str = MOUNTS) -> None:
        self._mounts = mounts
        self._near: dict[str, bool] = {}
        self._remote: frozenset[str] = frozenset()
        self.forget()

    def forget(self) -> None:
        """Look at what is mounted afresh."""
        self._near.clear()
        try:
            with open(self._mounts, "rb") as mounts:
                self._remote = frozenset(_remote(mounts.read()))
        except OSError:
            self._remote = frozenset(("/",))

    def find(self, name: str, path: str) -> str | None:
        """Return the file a shell would run for this word; None when only a shell should look."""
        if "/" in name:
            return name if self._is_near(name) else None
        if "%" in path:
            return None  # means something to dash
        for folder in path.split(":"):
            file = f"{folder}/{name}"
            if folder[:1] != "/" or not self._is_near(file):
                return None
            try:
                mode = os.stat(file).st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return None
            return file if stat.S_ISREG(mode) and mode & 0o111 else None
        return None

    def _is_near(self, file: str) -> bool:
        if not self._remote or "/" in self._remote:
            return not self._remote
        if len(self._near) > MOST_KNOWN:
            self._near.clear()
        if file not in self._near:
            self._near[file] = file[0] == "/" and self._leads_nowhere_remote(file)
        return self._near[file]

    def _leads_nowhere_remote(self, file: str) -> bool:
        """Whether to follow a path link by link, and to start what is there, needs no network."""
        here, left, links = "", [*reversed(file.split("/"))], 0
        while left:
            part = left.pop()
            if part == "..":
                here = here.rpartition("/")[0]
            if part in ("", ".", ".."):
                continue
            step = f"{here}/{part}"
            if step in self._remote:
                return False
            try:
                target = os.readlink(step)
            except OSError:
                here = step
                continue
            here, links = "" if target[0] == "/" else here, links + 1
            left.extend(reversed(target.split("/")))
            if links > MOST_LINKS:
                return False
        return _is_binary(here)


def _is_binary(file: str) -> bool:
    """Whether this is no script, whose interpreter may be anywhere; also when nothing is there."""
    try:
        program = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    try:
        return os.read(program, len(ELF)) == ELF
    except OSError:
        return False
    finally:
        os.close(program)


def _remote(mounts: bytes) -> Iterator[str]:
    for line in mounts.splitlines():
        _, place, kind, *_ = line.decode(errors="surrogateescape").split(" ")
        if kind in REMOTE or kind.startswith("fuse"):
            yield OCTAL.sub(lambda found: chr(int(found[1], 8)), place)
