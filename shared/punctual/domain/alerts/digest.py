"""Digests: many events in one message."""

from collections import Counter
from collections.abc import Sequence

from punctual.domain.alerts.addresses import Addresses
from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.domain.alerts.headlines import LONGEST_NAME, PAST, headline
from punctual.domain.alerts.plain import counted, cut, listed

MOST_LISTED = 30
OF_TASKS = frozenset(EventKind) - {
    EventKind.OUTAGE,
    EventKind.UNSERVED_QUEUE,
    EventKind.COORDINATORS_STOPPED,
    EventKind.DATABASE_FULL,
    EventKind.CHANNEL_FAILING,
}
# What needs a person comes first.
ORDER = (
    EventKind.OUTAGE,
    EventKind.FAILED,
    EventKind.LOST,
    EventKind.MISSED,
    EventKind.LATE,
    EventKind.PLAN_ERROR,
    EventKind.SILENT,
    EventKind.FAST,
    EventKind.SLOW,
    EventKind.RECOVERED,
)


def digest_title(facts: Sequence[EventFacts], longest: int = LONGEST_NAME) -> str:
    """Return "12 tasks failed in team ops", or "12 alerts in team ops: 8 failed, 4 late"."""
    teams = {one.team for one in facts}
    place = f" in team {facts[0].team}" if len(teams) == 1 and facts[0].team else ""
    kinds = Counter(one.kind for one in facts)
    if len(kinds) == 1 and facts[0].kind in OF_TASKS:
        tasks = {one.task.id if one.task else None for one in facts}
        verb = _verb(facts[0].kind, len(tasks))
        return cut(f"{counted(len(tasks), 'task')} {verb}{place}", longest)
    parts = listed(f"{count} {PAST[kind]}" for kind, count in _in_order(kinds))
    return cut(f"{counted(len(facts), 'alert')}{place}: {parts}", longest)


def digest_lines(facts: Sequence[EventFacts], addresses: Addresses) -> list[tuple[str, str | None]]:
    """Return a line and an address for each event, the worst first, the newest of those first."""
    place = {kind: number for number, kind in enumerate(ORDER)}
    ordered = sorted(facts, key=lambda one: (place.get(one.kind, -1), -one.id))
    return [(headline(one), addresses.of_event(one)) for one in ordered[:MOST_LISTED]]


def _verb(kind: EventKind, tasks: int) -> str:
    simple = kind in (EventKind.FAILED, EventKind.PLAN_ERROR)
    be = "is" if tasks == 1 else "are"
    if kind in (EventKind.MISSED, EventKind.LOST):
        be = "was" if tasks == 1 else "were"
    return PAST[kind] if simple else f"{be} {PAST[kind]}"


def _in_order(kinds: Counter[EventKind]) -> list[tuple[EventKind, int]]:
    place = {kind: number for number, kind in enumerate(ORDER)}
    return sorted(kinds.items(), key=lambda pair: place.get(pair[0], -1))
