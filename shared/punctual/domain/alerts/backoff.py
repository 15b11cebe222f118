"""Backoff of deliveries: when a message that was not taken is tried again."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
FOR = timedelta(days=1)
"""How long a message is tried from its first attempt on."""

REPORT_AFTER = timedelta(minutes=30)
"""A channel that has failed for so long is reported."""


def next_attempt(
    attempts: int, *, now: datetime, deadline: datetime, share: float
) -> datetime | None:
    """Return when to try again after this many attempts; None when it was tried for long enough.

    The pause is 5 s, four times as long after each attempt, and at most an hour, give or take a
    fifth. `share`, from 0 to 1, says where in between: receivers are not all tried at once.
    """
    if now >= deadline:
        return None
    pause = min(FIRST * float(4 ** min(attempts - 1, 10)), LONGEST)
    return min(now + pause * (0.8 + 0.4 * share), deadline)
