"""Messages between agent and runner about attempts: orders and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Launch:
    """What to start and when: `at_ns` on CLOCK_MONOTONIC, the past meaning now.

    `env` is all the command gets, but for PATH, HOME, TMPDIR, LANG, USER, LOGNAME, SHELL and
    PYTHONUNBUFFERED, which the runner adds when absent.
    `file` is the content of a file whose path becomes the last argument: readable by the command's
    user alone, and gone when the attempt is. `cwd` None is the command's own empty HOME.
    `grace_s` is from TERM to KILL. `end_grace_s` is how long what the command started may go on
    reading, writing and ending after its main process has ended.
    `output_limit` is in bytes, both streams together.
    `limits`: `processes`, `memory_bytes`, `file_bytes` and `disk_bytes` of the attempt; absent or 0
    is no limit.
    `masked` are values of secrets, which are masked in the output.
    """

    key: str
    at_ns: int
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    file: str | None = field(default=None, repr=False)
    cwd: str | None = None
    timeout_s: float
    grace_s: float
    end_grace_s: float
    output_limit: int
    limits: Mapping[str, int] = field(default_factory=dict)
    masked: tuple[str, ...] = field(default=(), repr=False)

    def order(self, *, cell: int | None) -> dict[str, Any]:
        """Return the frame that orders this start; its launch is noted in that cell."""
        return {
            "kind": "start",
            "key": self.key,
            "cell": cell,
            "at_ns": self.at_ns,
            "argv": self.argv,
            "env": dict(self.env),
            "file": self.file,
            "cwd": self.cwd,
            "timeout_s": self.timeout_s,
            "grace_s": self.grace_s,
            "end_grace_s": self.end_grace_s,
            "output_limit": self.output_limit,
            "limits": dict(self.limits),
            **({"masked": self.masked} if self.masked else {}),
        }


@dataclass(slots=True, kw_only=True)
class StartedEvent:
    """A command has started; `at_ns` (CLOCK_MONOTONIC) is when its exec succeeded."""

    key: str
    at_ns: int
    pid: int


@dataclass(slots=True, kw_only=True)
class WrittenOutput:
    """An attempt's output, as far as it was stored.

    `segments`: (stream, length) pairs in order of arrival, over `output`. When `truncated`,
    `output_bytes` counts everything written and `gap_at` is the offset where bytes were left out.
    """

    output_bytes: int
    truncated: bool
    gap_at: int | None
    segments: tuple[tuple[int, int], ...]
    output: bytes

    @property
    def signed_segments(self) -> tuple[int, ...]:
        """Return the lengths in order of arrival, those of standard error negative."""
        return tuple(length if stream == 1 else -length for stream, length in self.segments)

    @property
    def head_bytes(self) -> int:
        """Return how much of `output` was written before bytes were left out."""
        return len(self.output) if self.gap_at is None else self.gap_at


@dataclass(slots=True, kw_only=True)
class EndedEvent(WrittenOutput):
    """An attempt has ended, and no process of it is left, unless `error` says so.

    `started_ns` None: never started; `permanent`: and another attempt would not start either.
    `stopped`: None, "timeout", "lease", "limit" or the reason given to stop. `limit`: which limit
    it exceeded, and how much that allows. `left_behind`: the most processes that lived at one time
    after the end grace, and were ended.
    """

    key: str
    started_ns: int | None
    ended_ns: int
    exit_code: int | None
    signal: int | None
    stopped: str | None
    error: str | None
    limit: tuple[str, int] | None
    permanent: bool
    left_behind: int

    def stream(self, number: int) -> bytes:
        """Return the stored bytes of one stream, 1 stdout or 2 stderr."""
        parts = []
        offset = 0
        for stream, length in self.segments:
            if stream == number:
                parts.append(self.output[offset : offset + length])
            offset += length
        return b"".join(parts)


@dataclass(slots=True, kw_only=True)
class SoFar(WrittenOutput):
    """A running attempt's output so far."""

    key: str


def report_in(header: dict[str, Any], body: bytes) -> StartedEvent | EndedEvent | SoFar:
    """Return the report in a frame of the runner."""
    kind = header.pop("kind")
    if kind == "started":
        return StartedEvent(**header)
    if header.get("limit"):
        header["limit"] = tuple(header["limit"])
    header["segments"] = tuple((stream, length) for stream, length in header["segments"])
    return (SoFar if kind == "so_far" else EndedEvent)(**header, output=body)
