"""What a command wrote: its first and its last part, in order of arrival, all of it counted."""

from __future__ import annotations

from collections import deque

# A run which alternates its streams byte by byte makes a segment of each; beyond this many a half
# counts as full, so that neither memory nor the report's header grows with the number of writes.
SEGMENTS_PER_HALF = 16_384


class OutputBuffer:
    """Keeps at most `limit` bytes of an endless stream: half from its start, half from its end."""

    __slots__ = (
        "_gap",
        "_head",
        "_head_limit",
        "_head_segments",
        "_tail",
        "_tail_limit",
        "_tail_segments",
        "total",
    )

    def __init__(self, limit: int) -> None:
        self._tail_limit = limit // 2
        self._head_limit = limit - self._tail_limit
        self._head = bytearray()
        self._tail = bytearray()
        # One number for a segment: its length, negative for stream 2. Plain integers, since in
        # the worst case there are tens of thousands of them for each run.
        self._head_segments: deque[int] = deque()
        self._tail_segments: deque[int] = deque()
        self._gap = False
        self.total = 0

    def add(self, stream: int, data: bytes | memoryview) -> None:
        """Append what was read from a stream (1 stdout, 2 stderr)."""
        size = len(data)
        self.total += size
        if not self._tail_segments and not self._gap:
            room = self._head_limit - len(self._head)
            if room and len(self._head_segments) < SEGMENTS_PER_HALF:
                taken = min(room, size)
                self._head += data[:taken]
                _extend(self._head_segments, stream, taken)
                if taken == size:
                    return
                data = data[taken:]
                size -= taken
        if size > self._tail_limit:
            data = data[size - self._tail_limit :]
            self._gap = True
        if data:
            self._tail += data
            _extend(self._tail_segments, stream, len(data))
        self._forget()

    def finish(self) -> None:
        """Take in what was kept back: the command writes no more."""

    def _forget(self) -> None:
        excess = len(self._tail) - self._tail_limit
        if excess > 0:
            self._drop(excess)
        while len(self._tail_segments) > SEGMENTS_PER_HALF:
            self._drop(abs(self._tail_segments[0]))

    def _drop(self, size: int) -> None:
        self._gap = True
        del self._tail[:size]
        segments = self._tail_segments
        while size:
            first = segments[0]
            if abs(first) > size:
                segments[0] = first - size if first > 0 else first + size
                return
            size -= abs(first)
            segments.popleft()

    def shrink(self, limit: int) -> None:
        """Keep at most `limit` bytes from here on, for an agent which does not read."""
        self._tail_limit = limit // 2
        self._head_limit = limit - self._tail_limit
        excess = len(self._head) - self._head_limit
        if excess > 0:
            self._gap = True
            del self._head[self._head_limit :]
            while excess:
                last = self._head_segments.pop()
                if abs(last) > excess:
                    self._head_segments.append(last - excess if last > 0 else last + excess)
                    break
                excess -= abs(last)
        self._forget()

    @property
    def truncated(self) -> bool:
        """Whether bytes between head and tail were left out."""
        return self._gap

    @property
    def gap_at(self) -> int | None:
        """Return the offset in the body where bytes were left out, or None when all are there."""
        return len(self._head) if self._gap else None

    def segments(self) -> list[list[int]]:
        """Return [stream, length] pairs, in order; the lengths add up to the body's."""
        return [
            [1, size] if size > 0 else [2, -size]
            for half in (self._head_segments, self._tail_segments)
            for size in half
        ]

    def body(self) -> bytes:
        """Return the kept bytes, head then tail."""
        return bytes(self._head + self._tail)


def _extend(segments: deque[int], stream: int, size: int) -> None:
    signed = size if stream == 1 else -size
    if segments and (segments[-1] > 0) == (signed > 0):
        segments[-1] += signed
    else:
        segments.append(signed)
