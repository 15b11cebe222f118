"""The runs to come of some tasks, as events: bounded in time and number."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, islice, takewhile

from punctual.domain.calendars.calendar import Calendars, SearchLimit, unblocked
from punctual.domain.feeds.event import FeedEvent
from punctual.domain.schedules.describe import describe
from punctual.domain.schedules.syntax import Schedule

HORIZON = timedelta(days=31)
OFTEN = 7
"""A task that is due more than this many times within a day is one whole-day event."""
MOST_STEPS = 200
"""Over blocked times of one task."""
MOST_EVENTS = 2000

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeedTask:
    """A task as far as its due times go; `most` is how often it may still be due."""

    id: uuid.UUID
    name: str
    schedule: Schedule
    calendars: Calendars
    changed_at: datetime
    most: int | None = None


def upcoming(
    tasks: Sequence[FeedTask], *, now: datetime, most: int = MOST_EVENTS
) -> list[FeedEvent]:
    """Return the events of the next 31 days, earliest first, those of tasks due often in front.

    Only as many due times are computed as are answered, and a few of each task.
    """
    often: list[FeedEvent] = []
    coming: list[Iterator[tuple[datetime, int]]] = []
    for place, task in enumerate(tasks):
        due = _due_times(task, now)
        first = list(islice(due, OFTEN + 1))
        if len(first) > OFTEN and first[OFTEN] - first[0] < _DAY:
            often.append(_summary(task, first[0]))
        else:
            coming.append(_placed(chain(first, due), place))
    listed = islice(merge(*coming), max(most - len(often), 0))
    return often[:most] + [_event(tasks[place], at) for at, place in listed]


def _due_times(task: FeedTask, now: datetime) -> Iterator[datetime]:
    limit = SearchLimit(MOST_STEPS)
    free = unblocked(task.schedule, task.calendars, after=now, search_limit=limit)
    return islice(takewhile(lambda at: at <= now + HORIZON, free), task.most)


def _placed(due: Iterator[datetime], place: int) -> Iterator[tuple[datetime, int]]:
    return ((at, place) for at in due)


def _event(task: FeedTask, at: datetime) -> FeedEvent:
    return FeedEvent(
        uid=f"{task.id}.{at.astimezone(UTC):%Y%m%dT%H%M%S}Z@punctual",
        summary=task.name,
        start=at,
        end=None,
        stamp=task.changed_at,
        category="Due",
        description=describe(task.schedule),
        path=f"/task/{task.id}/",
    )


def _summary(task: FeedTask, first: datetime) -> FeedEvent:
    day = first.astimezone(UTC).date()
    rule = describe(task.schedule)
    return FeedEvent(
        uid=f"{task.id}.{day:%Y%m%d}@punctual",
        summary=f"{task.name}: {rule[0].lower()}{rule[1:]}",
        start=day,
        end=day + _DAY,
        stamp=task.changed_at,
        category="Due",
        description=f"{rule}. It is due so often that one event stands for all.",
        path=f"/task/{task.id}/",
    )
