"""When a message is sent: at once, with others of the same minute, or after quiet hours."""

from datetime import datetime, timedelta
from typing import NamedTuple

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.quiet import QuietHours

DIGEST = timedelta(minutes=1)
"""Messages to a channel are at least this far apart; what happens in between is one message."""

MOST_EVENTS = 1000
"""Of one message."""


class Slot(NamedTuple):
    """When a new message to a channel is to be sent, and whether it waits for quiet hours."""

    due_at: datetime
    quiet: bool


def slot(
    kind: EventKind,
    *,
    now: datetime,
    quiet_hours: QuietHours | None,
    last_made_at: datetime | None,
    retried_at: datetime | None,
) -> Slot:
    """Return when an event is sent for which no message waits that it could join.

    `last_made_at`: when the last message to the channel was made; `retried_at`: when the first is
    tried again of those that have failed.
    """
    if quiet_hours is not None and not quiet_hours.let_pass(kind):
        end = quiet_hours.end_after(now)
        if end is not None:
            return Slot(end, quiet=True)
    due = now
    if last_made_at is not None:
        due = max(due, last_made_at + DIGEST)
    if retried_at is not None:  # the receiver does not answer: one message less to try
        due = max(due, retried_at)
    return Slot(due, quiet=False)
