"""Output as people read it: lines without what only steers a terminal."""

import re
from collections.abc import Iterable

TERMINAL = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")
"""Sequences that colour text or move the cursor."""
PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {127: 0x2421}
"""Other control characters show as pictures."""

# What turns the direction of the text that follows, and so may show it as another one.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VARIABLE = re.compile(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*")


def plain_text(text: str) -> str:
    """Return output without the sequences of terminals, its control characters as pictures."""
    return TERMINAL.sub("", text).translate(PICTURES)


def shown_lines(data: bytes) -> list[str]:
    """Return the lines of output that say anything, as a terminal would leave them.

    Of a line that was written over, as by a progress bar, the last state is shown.
    """
    text = plain_text(data.decode("utf-8", "replace"))
    lines = (_last_state(line) for line in text.split("\n"))
    return [line for line in lines if line.strip()]


def last_lines(data: bytes, *, most: int, longest: int) -> tuple[str, ...]:
    """Return at most the `most` last lines of output, each cut to `longest` characters."""
    return tuple(_cut(line, longest) for line in shown_lines(data)[-most:])


def first_new_line(data: bytes, before: bytes, *, longest: int) -> str | None:
    """Return the first line that earlier output has not; None without one.

    Numbers and hexadecimal ids do not count: times, counters and addresses differ in each run.
    """
    known = set(_shapes(shown_lines(before)))
    lines = shown_lines(data)
    for line, shape in zip(lines, _shapes(lines), strict=True):
        if shape not in known:
            return _cut(line, longest)
    return None


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return _DIRECTIONS.sub("", states[-1].rstrip()) if states else ""


def _shapes(lines: Iterable[str]) -> Iterable[str]:
    return (_VARIABLE.sub("0", line).strip() for line in lines)


def _cut(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 1] + "…"
