"""Resource limits of one attempt, set by its task or else by the worker."""

from collections.abc import Mapping
from typing import TypeVar

LIMITS = ("processes", "memory_bytes", "file_bytes", "disk_bytes")
Number = TypeVar("Number", int, float)
LONGEST_END_GRACE = 60
"""Seconds after which what an ended command has started no longer occupies its slot."""


def limits_in_force(
    own: Mapping[str, int] | None, defaults: Mapping[str, int], maxima: Mapping[str, int]
) -> dict[str, int]:
    """Return the limits that apply to a task with limits of its `own`; 0 means no limit."""
    return {
        name: cut((own or {}).get(name, defaults[name]), maxima.get(name, 0)) for name in LIMITS
    }


def cut(chosen: Number, maximum: Number) -> Number:
    """Return the lower of a limit and an operator's maximum; of both, 0 is none."""
    return min(chosen, maximum) if chosen and maximum else chosen or maximum


MIB = 1 << 20


def bytes_in_words(size: int) -> str:
    """Return a number of bytes as people read it: "512 MiB", "1000 bytes"."""
    return f"{size} bytes" if size % MIB else f"{size // MIB} MiB"
