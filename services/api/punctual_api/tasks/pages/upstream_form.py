"""Upstream and downstream tasks: in a task's form, and on its page."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from punctual.domain.runs.after import On, stored_edges
from punctual.store.schema.models import Task
from punctual.store.tasks.listing import seen_tasks
from punctual.store.tasks.upstreams import downstream_of
from punctual_api.http.context import now, session, team_id
from punctual_api.tasks.serializers import status_of


def read_edges(text: str) -> list[dict[str, Any]]:
    """One task id a line, with success, failure or always after it; raises ValueError."""
    edges: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.replace(",", " ").split()
        if len(words) > 2:
            raise ValueError(f"Line {number}: a task's id, and then success, failure or always.")
        if words:
            edges.append(dict(zip(("task", "on"), words, strict=False)))
    return edges


def write_edges(edges: Sequence[Mapping[str, Any]] | None) -> str:
    """What read_edges reads back."""
    return "\n".join(f"{upstream} {on}" for upstream, on in stored_edges(edges))


def edges_page(task: Task) -> dict[str, list[dict[str, Any]]]:
    """The tasks next to this one, each with its status: what it runs after, and what follows it."""
    after = dict(stored_edges(task.after))
    downstream = {
        other.id: dict(stored_edges(other.after)).get(task.id, On.ALWAYS)
        for other in downstream_of(session(), task.id, team_id=team_id())
    }
    return {"upstream": _seen(after), "downstream": _seen(downstream)}


def _seen(ends: Mapping[uuid.UUID, str]) -> list[dict[str, Any]]:
    at = now()
    return [
        {
            "id": seen.task.id,
            "name": seen.task.name,
            "status": status_of(seen, now=at),
            "on": ends[seen.task.id],
        }
        for seen in seen_tasks(session(), list(ends))
    ]
