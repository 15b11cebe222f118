"""Concurrency limits: how many runs of a task, of a tag or of a team may run at once."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` runs at once: of the task `task_id`, of `tag`, or, with neither, of a team."""

    key: str
    most: int
    task_id: uuid.UUID | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could go on, and the keys of all limits that it counts towards."""

    run_id: uuid.UUID
    keys: frozenset[str]


def admit(candidates: Sequence[Candidate], places: Mapping[str, int]) -> list[uuid.UUID]:
    """Return those that fit, in their order, into the places that each limit has left.

    None that fits is left out for the sake of a later one. A key that is not in `places` has none.
    """
    left = dict(places)
    admitted = []
    for candidate in candidates:
        if all(left.get(key, 0) > 0 for key in candidate.keys):
            admitted.append(candidate.run_id)
            for key in candidate.keys:
                left[key] -= 1
    return admitted


def limit_reached(limit: Limit) -> CodedReason:
    """Return the reason that this limit is reached."""
    task_id = None if limit.task_id is None else str(limit.task_id)
    return coded(ReasonCode.LIMIT, max_concurrent=limit.most, tag=limit.tag, task_id=task_id)
