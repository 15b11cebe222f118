"""An event of a feed, before it is written as iCalendar."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event; days in place of instants are whole days, and the end is not part of it.

    `stamp` is when what it shows was last changed: the same event is the same text each time.
    """

    uid: str
    summary: str
    start: datetime | date
    end: datetime | date | None
    stamp: datetime
    category: str
    description: str = ""
    path: str | None = None
    """Of the page that shows more."""
