"""A page of tasks: of those with a status, exactly those that answer it."""

from collections.abc import Collection
from typing import Any

from punctual.domain.runs.health import Health
from punctual.store.tasks.listing import list_tasks
from punctual.store.tasks.with_health import Position
from punctual_api.accounts.names import look_up_names
from punctual_api.http.context import now, session, team_ids
from punctual_api.tasks.serializers import task_document

MOST_LOOKED_AT = 1000
"""The most tasks that a page looks at for a status; then it is short, and goes on."""


def listed_tasks(
    *,
    page_size: int,
    before: Position | None,
    status: str | None = None,
    healths: Collection[Health] = (),
    by_health: bool = False,
    tag: str | None = None,
    q: str | None = None,
) -> tuple[list[dict[str, Any]], Position | None]:
    """Return at most `page_size` of the asker's tasks, and the position after which there are more.

    Whether calendars block all due times of a task, which makes it idle, no statement knows.
    """
    items: list[dict[str, Any]] = []

    def position(task: dict[str, Any]) -> Position:
        return Position(task["id"], Health(task["health"]) if by_health else None)

    at, teams, looked_at = now(), team_ids(), 0
    while True:
        found = list_tasks(
            session(),
            team_ids=teams,
            page_size=page_size + 1,
            before=before,
            status_is=status,
            health_in=healths,
            by_health=by_health,
            tag=tag,
            q=q,
        )
        look_up_names(by for one in found for by in (one.task.created_by, one.task.updated_by))
        documents = [task_document(one, now=at) for one in found]
        items += [one for one in documents if status in (None, one["status"])]
        if len(items) > page_size:
            return items[:page_size], position(items[page_size - 1])
        if len(found) <= page_size:
            return items, None
        before = position(documents[-1])
        looked_at += len(found)
        if looked_at >= MOST_LOOKED_AT:
            return items, before
