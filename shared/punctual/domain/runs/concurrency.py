"""Concurrency limits: how many runs of a task, of a tag or of a team may run at once."""

import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` runs at once: of the task `task_id`, of `tag`, or, with neither, of a team.

    `slots`: admins have set it, as the team's share of the workers.
    """

    key: str
    most: int
    task_id: uuid.UUID | None = None
    tag: str | None = None
    slots: bool = False


class Queued(NamedTuple):
    """Where a run waits, or would wait once it is dispatched: its queue, and when it is due."""

    queue: str
    due_at: datetime


Ahead = Mapping[str, Sequence[datetime]]
"""By queue the due times, in order, of runs that are dispatched and have not started."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could go on, and the keys of all limits that it counts towards."""

    run_id: uuid.UUID
    keys: frozenset[str]
    queued: Queued | None = None


def admit(
    candidates: Sequence[Candidate],
    places: Mapping[str, int],
    ahead: Mapping[str, Ahead] | None = None,
) -> list[uuid.UUID]:
    """Return those that fit, in their order, into the places that each limit has left.

    None that fits is left out for the sake of a later one. A key that is not in `places` has none.
    `ahead` has the dispatched runs that count towards a limit, and hold a place where one waits.
    """
    taken: Counter[tuple[str, str]] = Counter()
    admitted = []
    for candidate in candidates:
        place = candidate.queued
        queue = "" if place is None else place.queue
        if all(
            places_left(places.get(key, 0), (ahead or {}).get(key, {}), place) > taken[key, queue]
            for key in candidate.keys
        ):
            admitted.append(candidate.run_id)
            taken.update((key, queue) for key in candidate.keys)
    return admitted


def places_left(places: int, ahead: Ahead, place: Queued | None) -> int:
    """Return how many of these places are left once those ahead of `place` have theirs.

    Runs due later are not ahead, and neither are those of another queue: its workers may all be
    busy, or away.
    """
    if place is None:
        return places
    return places - bisect_right(ahead.get(place.queue, ()), place.due_at)


def limit_reached(limit: Limit) -> CodedReason:
    """Return the reason that this limit is reached."""
    task_id = None if limit.task_id is None else str(limit.task_id)
    return coded(ReasonCode.LIMIT, max_concurrent=limit.most, tag=limit.tag, task_id=task_id)


def slots_taken(limit: Limit, *, team: str, running: int) -> CodedReason:
    """Return the reason that a team, by its slug, has `running` runs in its slots."""
    return coded(ReasonCode.TEAM_SLOTS, team=team, slots=limit.most, running=running)
