"""Run B after A: which ends of upstream tasks create a run, and which edges form a cycle."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class On(StrEnum):
    """The outcome that an upstream task's run must have."""

    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"


def stored_edges(document: object) -> list[tuple[uuid.UUID, str]]:
    """Return a task's edges as stored, (upstream task, on) each; what is none is ignored."""
    edges: list[tuple[uuid.UUID, str]] = []
    for edge in document if isinstance(document, list) else ():
        match edge:
            case {"task": str(task), "on": str(on)}:
                try:
                    edges.append((uuid.UUID(task), on))
                except ValueError:
                    continue
    return edges


class End(NamedTuple):
    """A run of an upstream task ended with the required outcome; `id` ascends with time."""

    id: int
    upstream_id: uuid.UUID


class Sets(NamedTuple):
    """Complete sets of upstream ends, and the ends that wait for the others.

    `closing` are the ends that completed the sets, one for each, in order.
    """

    complete: int
    waiting: tuple[int, ...]
    closing: tuple[int, ...] = ()


def complete_sets(upstreams: Collection[uuid.UUID], ends: Sequence[End]) -> Sets:
    """Count the sets that the ends make, in order: a set is one end at least of each upstream task.

    An end after the same task's in an unfinished set adds nothing, and one of a task that is no
    upstream any more counts for nothing.
    """
    closing: list[int] = []
    have: dict[uuid.UUID, int] = {}
    for end in ends:
        if end.upstream_id in upstreams:
            have.setdefault(end.upstream_id, end.id)
            if len(have) == len(upstreams):
                closing.append(end.id)
                have = {}
    return Sets(len(closing), tuple(have.values()), tuple(closing))


def find_circle(
    upstreams: Mapping[uuid.UUID, Collection[uuid.UUID]], task_id: uuid.UUID
) -> list[uuid.UUID] | None:
    """Return a cycle from the task over its upstream tasks back to itself, or None."""
    came_from: dict[uuid.UUID, uuid.UUID] = {}
    to_visit = [task_id]
    while to_visit:
        here = to_visit.pop()
        for upstream in upstreams.get(here, ()):
            if upstream == task_id:
                way = [task_id, here]
                while way[-1] != task_id:
                    way.append(came_from[way[-1]])
                return way[::-1] if here != task_id else [task_id, task_id]
            if upstream not in came_from:
                came_from[upstream] = here
                to_visit.append(upstream)
    return None
