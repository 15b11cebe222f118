"""Resource limits of one attempt, set by its task or else by the worker."""

from collections.abc import Mapping

LIMITS = ("processes", "memory_bytes", "file_bytes")
LONGEST_END_GRACE = 60
"""Seconds after which what an ended command has started no longer occupies its slot."""


def limits_in_force(own: Mapping[str, int] | None, defaults: Mapping[str, int]) -> dict[str, int]:
    """Return the limits that apply to a task with limits of its `own`; 0 means no limit."""
    return {name: (own or {}).get(name, defaults[name]) for name in LIMITS}


MIB = 1 << 20


def bytes_in_words(size: int) -> str:
    """Return a number of bytes as people read it: "512 MiB", "1000 bytes"."""
    return f"{size} bytes" if size % MIB else f"{size // MIB} MiB"
