"""Which secrets tasks use: looked up when a task is saved, listed with the task."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from punctual.domain.errors import InvalidSecret
from punctual.domain.secrets.references import Kind, references_in, stored_names

TaskValues = Mapping[str, Any]

# Locked against being deleted until the task that names them is saved; a new value may come.
KNOWN = text("""
SELECT name FROM secrets WHERE team_id = :team_id AND name = ANY(:names)
ORDER BY name FOR KEY SHARE
""")

MISSING = "There is no such secret in the task's team. Its owners create it, on the team's page."


def names_used(values: TaskValues) -> list[str] | None:
    """Return the column `secrets` of a task with these values."""
    return stored_names(values.get("env"), values.get("http"))


def require_secrets(
    connection: Connection, *, team_id: uuid.UUID, tasks: Iterable[tuple[str, TaskValues]]
) -> None:
    """Raise InvalidSecret for a name that no secret of the team has.

    `tasks` are values, each with the pointer that the error's begins with.
    """
    used = [
        (f"{pointer}{place}", reference.name)
        for pointer, values in tasks
        for reference, place in references_in(values.get("env"), values.get("http"))
        if reference.kind == Kind.STORED
    ]
    if not used:
        return
    known = known_names(connection, team_id=team_id, names={name for _, name in used})
    for pointer, name in used:
        if name not in known:
            raise InvalidSecret(pointer, f"{name}: {MISSING}")


def known_names(connection: Connection, *, team_id: uuid.UUID, names: Collection[str]) -> set[str]:
    """Return which of these secrets a team has, locked against being deleted."""
    params = {"team_id": team_id, "names": sorted(names)}
    return set(connection.execute(KNOWN, params).scalars())
