"""Limits: what one attempt may use, chosen by its task or else by the worker."""

from collections.abc import Mapping

LIMITS = ("processes", "memory_bytes", "file_bytes")
LONGEST_END_GRACE = 60
"""Seconds; what an ended command has started holds its slot no longer."""


def limits_in_force(own: Mapping[str, int] | None, defaults: Mapping[str, int]) -> dict[str, int]:
    """What holds for a task with limits of its `own`; 0 stands for no limit."""
    return {name: (own or {}).get(name, defaults[name]) for name in LIMITS}
