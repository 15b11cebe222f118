"""Refuse tasks and runs in a queue that their team may not use.

The claim of a run has the last word, in the database; this is for those who save a task.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from punctual.domain.runs.queue import DEFAULT_QUEUE
from punctual.store.queues.closed import closed_to, teams_of
from punctual.store.schema.models import Task
from punctual_api.http.context import session, team_slug
from punctual_api.http.problems import Fault, Problem

_EXTENSION = "punctual_default_queue"
FRESH_SECONDS = 2.0
"""How long a process relies on what it last read of the default queue, which most tasks use."""


class QueueRefused(Problem):
    """A team may not use a queue: 422, which says what to do."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(422, faults[0].detail, faults=faults[:100])


@dataclass(slots=True)
class _Known:
    teams: Sequence[uuid.UUID] | None = None
    until: float = 0.0


def watch_default_queue(app: Flask) -> None:
    """Set up what is remembered of the default queue."""
    app.extensions[_EXTENSION] = _Known()


def forget_default_queue() -> None:
    """Have the default queue looked up again: it was changed here."""
    current_app.extensions[_EXTENSION] = _Known()


def require_queues(team_id: uuid.UUID, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Raise QueueRefused, pointing into the list, where the team may not use a task's queue."""
    named = [values.get("queue") or DEFAULT_QUEUE for values in tasks]
    closed = _closed(team_id, set(named))
    if closed:
        raise QueueRefused(
            [
                Fault(f"/{place}/queue", refusal(team_id, queue))
                for place, queue in enumerate(named)
                if queue in closed
            ]
        )


def require_queue(team_id: uuid.UUID, queue: str | None) -> None:
    """Raise QueueRefused where the team may not use the queue."""
    queue = queue or DEFAULT_QUEUE
    if _closed(team_id, {queue}):
        raise QueueRefused([Fault("/queue", refusal(team_id, queue))])


def require_queue_of(task: Task) -> None:
    """Raise QueueRefused where no run of the task could start in its queue."""
    if _closed(task.team_id, {task.queue}):
        detail = f"Its runs could not start: {refusal(task.team_id, task.queue)}"
        raise QueueRefused([Fault("/queue", detail)])


def refusal(team_id: uuid.UUID, queue: str) -> str:
    """Return that a team may not use a queue, and what to do."""
    other = "another one" if queue == DEFAULT_QUEUE else f"another one, such as {DEFAULT_QUEUE}"
    return (
        f"The team {team_slug(team_id)} may not use the queue {queue}. Choose {other}, or ask an "
        "admin to let the team use it."
    )


def _closed(team_id: uuid.UUID, queues: set[str]) -> set[str]:
    """Return which of these queues the team may not use."""
    closed = {DEFAULT_QUEUE} if DEFAULT_QUEUE in queues and not _may_use_default(team_id) else set()
    others = queues - {DEFAULT_QUEUE}
    return closed | closed_to(session().connection(), team_id, others) if others else closed


def _may_use_default(team_id: uuid.UUID) -> bool:
    known: _Known = current_app.extensions[_EXTENSION]
    if known.until < time.monotonic():
        known.teams = teams_of(session().connection(), DEFAULT_QUEUE)
        known.until = time.monotonic() + FRESH_SECONDS
    return known.teams is None or team_id in known.teams
