"""What keeps a run from its start, in words."""

from dataclasses import dataclass

from punctual.domain.concurrency import Limit, limit_in_words


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands in a run's way: the queue that no worker serves, a limit that is reached."""

    queue: str | None = None
    limit: Limit | None = None


def hindrance_in_words(found: Hindrance) -> str | None:
    """The first thing that somebody should know or do; None when nothing stands in the way."""
    if found.queue is not None:
        return f"no worker serves queue {found.queue}"
    if found.limit is not None:
        return limit_in_words(found.limit)
    return None
