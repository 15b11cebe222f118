"""What a task may run after: the team's own tasks, and never in a circle."""

import uuid
from collections.abc import Mapping
from typing import Any

from punctual.domain.runs.after import find_circle
from punctual.store.tasks.upstreams import downstream_of, edges_of, lock_edges, names_of
from punctual_api.http.context import session, team_id
from punctual_api.http.problems import Fault, Problem


def upstream_faults(values: Mapping[str, Any], *, task_id: uuid.UUID | None) -> list[Fault]:
    """What is wrong with the upstream tasks that were sent; `task_id` is None for a new task."""
    upstreams = [uuid.UUID(edge["task"]) for edge in values.get("after") or ()]
    if not upstreams:
        return []
    lock_edges(session(), team_id=team_id())
    names = names_of(session(), upstreams, team_id=team_id())
    missing = [
        Fault(f"/after/{place}/task", "There is no such task.")
        for place, upstream in enumerate(upstreams)
        if upstream not in names
    ]
    if missing or task_id is None:
        return missing
    edges = edges_of(session(), team_id=team_id()) | {task_id: upstreams}
    circle = find_circle(edges, task_id)
    if circle is None:
        return []
    names = names_of(session(), circle, team_id=team_id())
    way = " after ".join(f"“{names[each]}”" for each in circle)
    return [Fault("/after", f"They would run in a circle: {way}.")]


def refuse_while_followed(task_id: uuid.UUID, *, done: str = "deleted") -> None:
    """Raise Problem 409 while other tasks run after this one, saying what cannot be done."""
    lock_edges(session(), team_id=team_id())
    others = downstream_of(session(), task_id, team_id=team_id())
    if others:
        named = ", ".join(f"“{task.name}”" for task in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise Problem(409, f"It cannot be {done} while other tasks run after it: {named}{more}.")
