"""When a run that failed is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_SPREAD = 0.2
_MOST_DOUBLINGS = 64  # far beyond any ceiling, and still a finite number


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a run is tried again, and how patiently.

    `max_retries` counts the attempts after the first (0 = at most once). `delay` is the first
    wait in seconds; each further one is twice as long, at most `delay_max` seconds.
    """

    max_retries: int
    delay: float
    delay_max: float


def next_attempt_at(
    policy: RetryPolicy, attempt: int, *, now: datetime, jitter: float
) -> datetime | None:
    """When to try again after `attempt` attempts (1 or more), or None when they are used up.

    `jitter`, from -1 to 1, spreads the wait by up to 20 % either way, after the ceiling, so that
    runs which failed together do not all come back together. Raises ValueError outside these.
    """
    if attempt < 1:
        raise ValueError("a retry comes after at least one attempt")
    if not -1 <= jitter <= 1:
        raise ValueError("jitter lies between -1 and 1")
    if attempt > policy.max_retries:
        return None
    wait = min(policy.delay * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS), policy.delay_max)
    return now + timedelta(seconds=wait * (1 + _SPREAD * jitter))
