"""Mask texts in a stream of bytes, however it is cut into chunks.

Every byte that is part of an occurrence of a pattern is covered; each stretch of covered bytes
becomes one MASK, so that neither its length nor overlapping patterns show. What is fed and may be
the beginning of a pattern is kept back until more has come.

A runner has many commands to look after, so this must be quick, also for patterns and outputs that
were made to be slow. Each long pattern is known by four bytes at a multiple of four, wherever it
begins, and a set finds those at the speed of C; each short one by its first four, looked for in
four shifts. What was found is looked up by its length. An output that comes close to patterns so
often that this takes more than MOST_LOOKUPS is covered whole.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Spans = list[tuple[int, int]]

MASK = "••••".encode()
GRAM = 4
WINDOW = 2 * GRAM - 1  # one of its grams is at a multiple of GRAM
MOST_LOOKUPS = 20_000  # for a chunk: some milliseconds
FEW = 8


class _TooMany(Exception):
    """The output has more beginnings of patterns than can be looked up in time."""


class _Index:
    """Patterns by their first bytes, then by their length, the longest first."""

    __slots__ = ("_by_start", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._by_start: dict[bytes, dict[int, set[bytes]]] = {}

    def add(self, pattern: bytes) -> None:
        by_length = self._by_start.setdefault(pattern[: self._size], {})
        by_length.setdefault(len(pattern), set()).add(pattern)

    def sort(self) -> None:
        for start, by_length in self._by_start.items():
            self._by_start[start] = dict(sorted(by_length.items(), reverse=True))

    def look_up(self, data: bytes, at: int, found: _Found) -> None:
        """Note the longest pattern that stands there, and whether a longer one may follow."""
        by_length = self._by_start.get(data[at : at + self._size])
        if by_length is None:
            return
        found.count(len(by_length))
        for length, patterns in by_length.items():
            piece = data[at : at + length]
            if len(piece) < length:
                if len(patterns) > FEW or any(each.startswith(piece) for each in patterns):
                    found.undecided = min(found.undecided, at)
            elif piece in patterns:
                found.spans.append((at, at + length))
                return


class _Found:
    """What was found in a chunk."""

    __slots__ = ("_lookups", "spans", "undecided")

    def __init__(self, size: int) -> None:
        self.spans: Spans = []
        self.undecided = size
        self._lookups = 0

    def count(self, lookups: int) -> None:
        self._lookups += lookups
        if self._lookups > MOST_LOOKUPS:
            raise _TooMany


class Patterns:
    """What to mask, in tables that the maskers of all streams share."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        """Take patterns of GRAM bytes and more."""
        self._long, self._short = _Index(WINDOW), _Index(GRAM)
        self._offsets: dict[int, set[int]] = {}
        self._beginnings: set[bytes] = set()
        self._longest = 0
        short_grams: set[int] = set()
        for pattern in set(patterns):
            self._longest = max(self._longest, len(pattern))
            if len(pattern) < WINDOW:
                self._short.add(pattern)
                short_grams.add(_number(pattern[:GRAM]))
                self._beginnings.update(pattern[:size] for size in range(1, GRAM))
                continue
            self._long.add(pattern)
            self._beginnings.update(pattern[:size] for size in range(1, WINDOW))
            for offset in range(GRAM):
                gram = _number(pattern[offset : offset + GRAM])
                self._offsets.setdefault(gram, set()).add(offset)
        self._long.sort()
        self._short.sort()
        self._grams, self._short_grams = frozenset(self._offsets), frozenset(short_grams)

    def find(self, data: bytes) -> tuple[Spans, int]:
        """Return where patterns occur, and from where on a further one may have begun."""
        found = _Found(len(data))
        try:
            self._find_long(data, found)
            if self._short_grams:
                self._find_short(data, found)
        except _TooMany:
            return [(0, len(data))], max(0, len(data) - self._longest + 1)
        for size in range(min(WINDOW - 1, len(data)), 0, -1):
            if data[-size:] in self._beginnings:
                found.undecided = min(found.undecided, len(data) - size)
                break
        return found.spans, found.undecided

    def _find_long(self, data: bytes, found: _Found) -> None:
        grams, offsets = self._grams, self._offsets
        view = memoryview(data)[: len(data) // GRAM * GRAM].cast("I")
        if grams.isdisjoint(view):
            return
        for place in [place for place, gram in enumerate(view) if gram in grams]:
            for offset in offsets[view[place]]:
                if (at := place * GRAM - offset) >= 0:
                    self._long.look_up(data, at, found)

    def _find_short(self, data: bytes, found: _Found) -> None:
        grams = self._short_grams
        for shift in range(min(GRAM, len(data))):
            view = memoryview(data)[shift : shift + (len(data) - shift) // GRAM * GRAM].cast("I")
            if grams.isdisjoint(view):
                continue
            for place in [place for place, gram in enumerate(view) if gram in grams]:
                self._short.look_up(data, place * GRAM + shift, found)


class StreamMasker:
    """One stream: what goes in by feed() comes out masked, by then or by finish()."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._rest = b""  # what may be the beginning of a pattern
        self._covered = 0  # how much of that belongs to a pattern that began before
        self._in_mask = False  # what was last returned ends with a mask, which may go on

    def feed(self, data: bytes) -> bytes:
        """Return what is decided, by what is fed now, of all that was fed."""
        data = self._rest + data
        spans, undecided = self._patterns.find(data)
        return self._decide(data, spans, undecided)

    def finish(self) -> bytes:
        """Return what is left, at the end of the stream."""
        spans, _ = self._patterns.find(self._rest)
        return self._decide(self._rest, spans, len(self._rest))

    def _decide(self, data: bytes, spans: Spans, until: int) -> bytes:
        if self._covered:
            spans.append((0, self._covered))
        if not spans and not until < len(data):
            self._rest = b""
            self._in_mask = self._in_mask and not data
            return data
        parts: list[bytes] = []
        at, covered = 0, 0 if until else self._covered
        for start, end in _joined(spans):
            if start >= until:
                break
            if start > at or not (start == at == 0 and self._in_mask):
                parts += (data[at:start], MASK)
            at = min(end, until)
            covered = end - at
        if at:
            self._in_mask = True
        if at < until:
            parts.append(data[at:until])
            self._in_mask = False
        self._rest, self._covered = data[until:], covered
        return b"".join(parts)


def _joined(spans: Spans) -> Iterator[tuple[int, int]]:
    """Yield the stretches that the spans cover, in order."""
    start = end = -1
    for next_start, next_end in sorted(spans):
        if next_start > end:
            if end >= 0:
                yield start, end
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    if end >= 0:
        yield start, end


def _number(gram: bytes) -> int:
    return int.from_bytes(gram, sys.byteorder)
