"""Find programs as a shell does, without touching a filesystem that may hang.

The runner waits while the kernel opens a program. Where that lies on another machine the runner may
wait for ever, and every run with it; a shell in between waits alone.
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
REMOTE_TYPES = frozenset((
    "9p", "acfs", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "gfs", "gfs2", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs",
    "virtiofs",
))
# fmt: on
MAX_LINKS = 40
MAX_CACHED = 4096
ELF = b"\x7fELF"
OCTAL = re.compile(r"\\([0-7]{3})")


class ExecutableLookup:
    """Finds what can be started without a shell; refresh() now and then, as mounts change."""

    def __init__(self, mounts: str = MOUNTS) -> None:
        self._mounts = mounts
        self._local: dict[str, bool] = {}
        self._remote_mounts: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read which filesystems are mounted."""
        self._local.clear()
        try:
            with open(self._mounts, "rb") as mounts:
                self._remote_mounts = frozenset(_remote_in(mounts.read()))
        except OSError:
            self._remote_mounts = frozenset(("/",))

    def find(self, name: str, path: str) -> str | None:
        """Return the file a shell would run for this word; None when only a shell should look."""
        if "/" in name:
            return name if self._is_local(name) else None
        if "%" in path:
            return None  # means something to dash
        for folder in path.split(":"):
            file = f"{folder}/{name}"
            if folder[:1] != "/" or not self._is_local(file):
                return None
            try:
                mode = os.stat(file).st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return None
            return file if stat.S_ISREG(mode) and mode & 0o111 else None
        return None

    def _is_local(self, file: str) -> bool:
        if not self._remote_mounts or "/" in self._remote_mounts:
            return not self._remote_mounts
        if len(self._local) > MAX_CACHED:
            self._local.clear()
        if file not in self._local:
            self._local[file] = file[0] == "/" and self._is_local_path(file)
        return self._local[file]

    def _is_local_path(self, file: str) -> bool:
        """Return True if neither following the path nor starting the program needs a network."""
        here, left, links = "", [*reversed(file.split("/"))], 0
        while left:
            part = left.pop()
            if part == "..":
                here = here.rpartition("/")[0]
            if part in ("", ".", ".."):
                continue
            step = f"{here}/{part}"
            if step in self._remote_mounts:
                return False
            try:
                target = os.readlink(step)
            except OSError:
                here = step
                continue
            here, links = "" if target[0] == "/" else here, links + 1
            left.extend(reversed(target.split("/")))
            if links > MAX_LINKS:
                return False
        return _is_binary(here)


def _is_binary(file: str) -> bool:
    """Return False for a script, whose interpreter may be anywhere; True if no file is there."""
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


def _remote_in(mounts: bytes) -> Iterator[str]:
    for line in mounts.splitlines():
        _, place, kind, *_ = line.decode(errors="surrogateescape").split(" ")
        if kind in REMOTE_TYPES or kind.startswith("fuse"):
            yield OCTAL.sub(lambda found: chr(int(found[1], 8)), place)
