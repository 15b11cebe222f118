"""Watch the watcher: when a trouble of the installation begins, and when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from punctual.domain.alerts.events import EventKind
from punctual.domain.instant import format_instant

WATCHED = (EventKind.UNSERVED_QUEUE, EventKind.COORDINATORS_STOPPED, EventKind.DATABASE_FULL)

FULL_SHARE = 0.9
"""Of the bytes that the database may have, from which on it is nearly full."""
ROOM_SHARE = 0.85
"""Below which it has room again: in between it stays what it was."""

Key = tuple[EventKind, str]
"""A kind, and for a queue its name."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble of the installation as it is now."""

    kind: EventKind
    since: datetime
    queue: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Return what it is about."""
        return self.kind, self.queue


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that is to be recorded, with its details."""

    kind: EventKind
    details: Mapping[str, object]


def notices(found: Sequence[Trouble], known: Mapping[Key, datetime]) -> list[Notice]:
    """Return what is new since the last look; `known` are the troubles that have not ended."""
    now = {trouble.key for trouble in found}
    begun = [
        Notice(one.kind, _details(one.queue, one.since, figures=dict(one.figures)))
        for one in found
        if one.key not in known
    ]
    over = [
        Notice(kind, _details(queue, since, over=True))
        for (kind, queue), since in known.items()
        if (kind, queue) not in now
    ]
    return begun + over


def database_is_full(used: int, most: int, *, was_full: bool) -> bool:
    """Return whether a database of `used` bytes, of at most `most`, is nearly full."""
    return most > 0 and used >= most * (ROOM_SHARE if was_full else FULL_SHARE)


def _details(queue: str, since: datetime, **more: object) -> dict[str, object]:
    return {**({"queue": queue} if queue else {}), "since": format_instant(since), **more}
