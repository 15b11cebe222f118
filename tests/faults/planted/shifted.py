"""A clock that shows another time."""

from collections.abc import Callable


def shifted(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    """`clock`, but `seconds` ahead."""
    return lambda: clock() + seconds
