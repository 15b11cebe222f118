"""The wire between agent and runner: frames of two lengths, a JSON header and a body of bytes.

A frame is header length (u32), body length (u32), header, body; lengths are big-endian. Every
time on the wire is an integer, nanoseconds of CLOCK_MONOTONIC, which both processes share.
"""

from __future__ import annotations

import json
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LENGTHS = struct.Struct("!II")
# A command is at most 32 KiB and the kernel takes at most 2 MiB of arguments and environment,
# so a longer header is a broken stream and not a large one.
MAX_HEADER = 16 * 1024 * 1024
MAX_BODY = 256 * 1024 * 1024
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


class BadFrameError(Exception):
    """The peer sent bytes which are not a frame; the stream cannot be trusted any more."""


def write(header: dict[str, Any]) -> bytes:
    """Return a header as JSON."""
    return _ENCODE(header).encode("ascii")


def read(text: bytes | bytearray) -> object:
    """What `write` wrote; ValueError for what is not JSON."""
    return json.loads(text.decode())


def pack(
    header: dict[str, Any],
    body: bytes = b"",
    *,
    write: Callable[[dict[str, Any]], bytes] = write,
) -> bytes:
    """Return one frame as bytes."""
    text = write(header)
    return LENGTHS.pack(len(text), len(body)) + text + body


class Frames:
    """Cuts a stream of bytes into frames, however it was split on its way."""

    def __init__(self, read: Callable[[bytearray], object] = read) -> None:
        self._read = read
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Append what the socket gave."""
        self._buffer += data

    def next(self) -> tuple[dict[str, Any], bytes] | None:
        """Return the next whole frame (header, body) or None; BadFrameError if it cannot be one."""
        buffer = self._buffer
        if len(buffer) < LENGTHS.size:
            return None
        header_size, body_size = LENGTHS.unpack_from(buffer)
        if header_size > MAX_HEADER or body_size > MAX_BODY:
            raise BadFrameError(f"a frame of {header_size} + {body_size} bytes")
        body_at = LENGTHS.size + header_size
        end = body_at + body_size
        if len(buffer) < end:
            return None
        try:
            header = self._read(buffer[LENGTHS.size : body_at])
        except ValueError as error:
            raise BadFrameError(f"a header that is not JSON: {error}") from None
        if not isinstance(header, dict):
            raise BadFrameError("a header that is not an object")
        body = bytes(buffer[body_at:end])
        del buffer[:end]
        return header, body
