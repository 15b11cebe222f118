"""Versions of a task: the present one is its row, the trigger tasks_versions stores the others."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, DateTime, Row, text

from punctual.domain.secrets.references import read_env
from punctual.store.schema.models import Task

VERSIONS = text("""
SELECT version, at, changed_by, document FROM (
    SELECT version, updated_at AS at, updated_by AS changed_by, to_jsonb(tasks) AS document
    FROM tasks WHERE id = :task_id AND version < :before
    UNION ALL
    (SELECT version, at, changed_by, document FROM task_versions
     WHERE task_id = :task_id AND version < :before
     ORDER BY version DESC LIMIT :limit)
) AS each ORDER BY version DESC LIMIT :limit
""")

AFTER_ALL = 2**31 - 1
COLUMNS = {column.name: column for column in Task.__table__.columns}


class Version(NamedTuple):
    """A task as it was at a version, who made that version, and when."""

    number: int
    at: datetime
    changed_by: uuid.UUID | None
    task: Task


def list_versions(
    connection: Connection, task_id: uuid.UUID, *, page_size: int, before: int | None = None
) -> Sequence[Version]:
    """Return at most `page_size` versions, newest first, those before a number."""
    params = {"task_id": task_id, "before": before or AFTER_ALL, "limit": page_size}
    return [_version(row) for row in connection.execute(VERSIONS, params)]


def find_version(connection: Connection, task_id: uuid.UUID, number: int) -> Version | None:
    """Return that version; None when there is none, or no more."""
    found = list_versions(connection, task_id, page_size=1, before=number + 1)
    return found[0] if found and found[0].number == number else None


def _version(row: Row[Any]) -> Version:
    return Version(row.version, row.at, row.changed_by, _task(row.document))


def _task(document: dict[str, Any]) -> Task:
    """Return a task of a stored row; columns that it does not have yet are empty."""
    values = {name: _value(name, document.get(name)) for name in COLUMNS}
    return Task(meta=values.pop("metadata"), **values)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, str) and isinstance(COLUMNS[name].type, DateTime):
        return datetime.fromisoformat(value)
    if name == "env":
        return read_env(value)
    return uuid.UUID(value) if name == "team_id" else value
