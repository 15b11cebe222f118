"""The stream of log lines: a write never raises, and never blocks for long.

A full disk, a closed pipe or a reader that has stopped must not fail the work that is logged. Lines
that could not be written are counted, and a line says how many once there is room.
"""

import io
import os
import select
import stat
import threading
import time
from collections.abc import Callable
from typing import TextIO

from punctual.ops import telemetry

WAIT_MS = 100
"""So long a write waits for a reader that is slow."""
REST_SECONDS = 1.0
"""After a wait in vain, no write waits for this long."""
NO_DESCRIPTOR = -1
PIECE_BYTES = select.PIPE_BUF
"""What a pipe that is writable takes without blocking."""


class LogStream(io.TextIOBase):
    """Text over a file descriptor, or over another stream where there is none; thread-safe."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: TextIO | None, *, report: Callable[[int], str]) -> None:
        """`report` makes the line that says how many lines were lost."""
        super().__init__()
        self._stream = stream
        self._descriptor = _descriptor_of(stream)
        self._may_block = self._descriptor != NO_DESCRIPTOR and not _is_file(self._descriptor)
        self._report = report
        self._lost = 0
        self._torn = False  # the last line was written in part
        self._rest_until = 0.0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def write(self, text: str) -> int:
        """Write whole lines, or count them as lost."""
        with self._lock:
            if self._lost and self._put(self._report(self._lost)):
                self._lost = 0
            if self._lost or not self._put(text):
                self._count()
        return len(text)

    def writable(self) -> bool:
        """Return True, as print() may ask."""
        return True

    def fileno(self) -> int:
        """Return the descriptor; OSError where there is none."""
        if self._descriptor == NO_DESCRIPTOR:
            raise io.UnsupportedOperation("no descriptor")
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether a person looks at it."""
        return self._descriptor != NO_DESCRIPTOR and os.isatty(self._descriptor)

    def _count(self) -> None:
        self._lost += 1
        telemetry.LOG_LINES_LOST.inc()

    def _put(self, text: str) -> bool:
        try:
            if self._descriptor != NO_DESCRIPTOR:
                return self._put_bytes(text.encode("utf-8", "backslashreplace"))
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            return False
        else:
            return True

    def _put_bytes(self, data: bytes) -> bool:
        ending = b"\n" if self._torn else b""  # what follows is a line of its own
        data = ending + data
        rest = memoryview(data)
        try:
            while rest and self._has_room():
                piece = rest[:PIECE_BYTES] if self._may_block else rest
                rest = rest[os.write(self._descriptor, piece) :]
        finally:
            if (written := len(data) - len(rest)) > 0:
                self._torn = bool(rest) and written > len(ending)
        return not rest

    def _has_room(self) -> bool:
        """Return whether a write would not block; after a timeout do not wait again for a while."""
        if not self._may_block:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        if poll.poll(0):
            return True
        if time.monotonic() >= self._rest_until and poll.poll(WAIT_MS):
            return True
        self._rest_until = time.monotonic() + REST_SECONDS
        return False

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()


def _descriptor_of(stream: TextIO | None) -> int:
    try:
        return NO_DESCRIPTOR if stream is None else stream.fileno()
    except (OSError, ValueError):
        return NO_DESCRIPTOR


def _is_file(descriptor: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False
