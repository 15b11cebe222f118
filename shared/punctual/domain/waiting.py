"""What keeps a run from its start, in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands in a run's way: the queue that no worker serves."""

    queue: str | None = None


def hindrance_in_words(found: Hindrance) -> str | None:
    """The first thing that somebody should know or do; None when nothing stands in the way."""
    if found.queue is not None:
        return f"no worker serves queue {found.queue}"
    return None
