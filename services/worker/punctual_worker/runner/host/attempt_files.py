"""What an attempt finds on disk: a home directory, and the files that the runner needs for it."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod


class AttemptFiles(ABC):
    """The homes, files and gates of attempts, in one directory."""

    def __init__(self, root: str) -> None:
        self.root = root

    @abstractmethod
    def make(self, serial: int) -> str:
        """Return the path of a fresh empty directory; OSError when there is no room for one."""

    @abstractmethod
    def discard(self, home: str) -> None:
        """Take back the home of an attempt that has ended."""

    @abstractmethod
    def discard_in_use(self, home: str) -> None:
        """Take back a home where a process that could not be killed may still write."""

    def write(self, serial: int, content: bytes) -> str:
        """Return the path of a file that only its owner reads; OSError when there is no room."""
        path = os.path.join(self.root, f"{serial}.file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            os.unlink(path)
            raise
        return path

    def make_gate(self, serial: int) -> str:
        """Return the path of a FIFO, whose name may stand between single quotes."""
        path = os.path.join(self.root, f"gate-{serial}")
        if "'" in path:
            raise OSError(errno.EINVAL, "a quote in the work directory")
        os.mkfifo(path, 0o600)
        return path
