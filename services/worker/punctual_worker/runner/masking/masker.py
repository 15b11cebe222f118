"""Mask texts in a stream of bytes, however it is cut into chunks.

Every byte that is part of an occurrence of a pattern is covered; each stretch of covered bytes
becomes one MASK, so that neither its length nor overlapping patterns show. What is fed and may be
the beginning of a pattern is kept back until more has come.

A runner has many commands to look after, so this must be quick: each pattern that is long enough
is known by four bytes at a multiple of four, wherever it begins, and sets find those at the speed
of C. Short patterns, and repetitive ones that could occur at every byte, are found by regular
expressions.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Spans = list[tuple[int, int]]

MASK = "••••".encode()
GRAM = 4
WINDOW = 2 * GRAM - 1  # one of its grams is at a multiple of GRAM


class Patterns:
    """What to mask, in tables that the maskers of all streams share."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        """Take patterns, none of them empty."""
        self._expressions: list[tuple[re.Pattern[bytes], int]] = []
        self._by_start: dict[bytes, list[bytes]] = {}
        self._offsets: dict[int, set[int]] = {}
        self._beginnings: set[bytes] = set()
        for pattern in sorted(set(patterns)):
            self._add(pattern)
        self._grams = frozenset(self._offsets)
        self._longest_beginning = max(map(len, self._beginnings), default=0)

    def _add(self, pattern: bytes) -> None:
        period = _short_period(pattern)
        if len(pattern) < WINDOW or period:
            again = pattern[-period:] if period else pattern
            expression = b"%b(?:%b)*" % (re.escape(pattern), re.escape(again))
            self._expressions.append((re.compile(expression), len(pattern)))
            self._beginnings.update(pattern[:size] for size in range(1, len(pattern)))
            return
        self._beginnings.update(pattern[:size] for size in range(1, WINDOW))
        self._by_start.setdefault(pattern[:WINDOW], []).append(pattern)
        for offset in range(GRAM):
            gram = int.from_bytes(pattern[offset : offset + GRAM], sys.byteorder)
            self._offsets.setdefault(gram, set()).add(offset)

    def find(self, data: bytes) -> tuple[Spans, int]:
        """Return where patterns occur, and from where on a further one may have begun."""
        spans, undecided = self._find_long(data)
        for expression, size in self._expressions:
            at = 0
            while match := expression.search(data, at):
                spans.append(match.span())
                at = match.end() - size + 1
        for size in range(min(self._longest_beginning, len(data)), 0, -1):
            if data[-size:] in self._beginnings:
                return spans, min(undecided, len(data) - size)
        return spans, undecided

    def _find_long(self, data: bytes) -> tuple[Spans, int]:
        spans: Spans = []
        undecided = len(data)
        grams = self._grams
        view = memoryview(data)[: len(data) // GRAM * GRAM].cast("I")
        if grams.isdisjoint(view):
            return spans, undecided
        for place in [place for place, gram in enumerate(view) if gram in grams]:
            for offset in self._offsets[view[place]]:
                start = place * GRAM - offset
                if start < 0:
                    continue
                for pattern in self._by_start.get(data[start : start + WINDOW], ()):
                    if data.startswith(pattern, start):
                        spans.append((start, start + len(pattern)))
                    elif pattern.startswith(data[start : start + len(pattern)]):
                        undecided = min(undecided, start)
        return spans, undecided


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


def _short_period(pattern: bytes) -> int:
    """Return how soon the pattern repeats itself if that is within its first half; else 0."""
    half = len(pattern) - len(pattern) // 2
    period = pattern.find(pattern[:half], 1)
    while period != -1 and period <= len(pattern) // 2:
        if pattern.startswith(pattern[period:]):
            return period
        period = pattern.find(pattern[:half], period + 1)
    return 0
