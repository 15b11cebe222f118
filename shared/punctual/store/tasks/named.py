"""Calendars and secrets that tasks name: they must be there when a task is saved."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from punctual.store.calendars.changes import require_calendars
from punctual.store.schema.models import Task
from punctual.store.secrets.use import names_used, require_secrets


def require_named(
    connection: Connection,
    *,
    team_id: uuid.UUID,
    tasks: Sequence[Mapping[str, Any]],
    in_list: bool = True,
) -> None:
    """Raise InvalidCalendar or InvalidSecret, pointing into the list, for a name that is not there.

    `in_list=False`: it is one task, and the pointer is into that one.
    """
    placed = [(f"/{place}" if in_list else "", values) for place, values in enumerate(tasks)]
    for pointer, values in placed:
        names = values.get("calendars")
        require_calendars(connection, team_id=team_id, names=names, pointer=pointer)
    require_secrets(connection, team_id=team_id, tasks=placed)


def follow_secrets(connection: Connection, task: Task, changed: Mapping[str, Any]) -> None:
    """Note which secrets a task uses with what has just changed of it; raises InvalidSecret."""
    if {"env", "http", "team_id"} & set(changed):
        values = {"env": task.env, "http": task.http}
        require_secrets(connection, team_id=task.team_id, tasks=[("", values)])
        task.secrets = names_used(values)
