"""Turn a crontab's lines into tasks, validated as new tasks are."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from punctual.domain.crontab.read import CrontabEntry, CrontabLine, LineKind, read_crontab
from punctual.store.tasks.changes import new_task_ids
from punctual_api.http.problems import faults_in
from punctual_api.tasks.changes import create_many
from punctual_api.tasks.schemas.limits import allowed_timeout
from punctual_api.tasks.schemas.task_types import default_name
from punctual_api.tasks.schemas.tasks import DAY, NewTaskSchema

LIKE_CRON = {
    "overlap": "allow",
    "catch_up": "none",
    "max_retries": 0,
    "tags": ["crontab"],
}
LONGEST = float(7 * DAY)
"""What keeps an imported entry doing what cron did: no retry, no catching up, runs may overlap."""

_new_task = NewTaskSchema()


@dataclass(frozen=True, slots=True)
class Read:
    """A line, notes on it, and the values of its task, if it becomes one."""

    line: CrontabLine
    kind: LineKind
    notes: tuple[str, ...]
    values: dict[str, Any] | None = None


def read_lines(crontab: str, *, system: bool, timezone: str) -> list[Read]:
    """Read every line in order; an entry that cannot become a task is a fault."""
    return [_read(line) for line in read_crontab(crontab, system=system, timezone=timezone)]


def create_read(
    read: Sequence[Read], ids: Sequence[uuid.UUID] | None = None
) -> Sequence[uuid.UUID]:
    """Create the tasks of these lines, under `ids` if they are given; return their ids."""
    tasks = [one.values for one in read if one.values is not None]
    chosen = new_task_ids(len(tasks)) if ids is None else ids
    if tasks:
        create_many(chosen, tasks)
    return chosen


def report_of(read: Sequence[Read], ids: Sequence[Any], *, dry_run: bool) -> dict[str, Any]:
    """What CrontabReportSchema answers; `ids` are those of the new tasks, in order."""
    made = iter(ids)
    lines = [
        {
            "line": one.line.number,
            "text": one.line.text,
            "kind": one.kind,
            "notes": list(one.notes),
            "task": one.values,
            "task_id": None if one.values is None else next(made, None),
        }
        for one in read
    ]
    kinds = [one.kind for one in read]
    return {
        "dry_run": dry_run,
        "entries": kinds.count(LineKind.ENTRY),
        "faults": kinds.count(LineKind.FAULT),
        "lines": lines,
    }


def _read(line: CrontabLine) -> Read:
    if line.entry is None:
        return Read(line, line.kind, line.notes)
    try:
        values = _new_task.load(_document(line.entry, line.number))
    except ValidationError as error:
        faults = tuple(f"{fault.pointer}: {fault.detail}" for fault in faults_in(error.messages))
        return Read(line, LineKind.FAULT, faults)
    return Read(line, line.kind, line.notes, values)


def _document(entry: CrontabEntry, number: int) -> dict[str, Any]:
    about = {"line": number, "user": entry.user, "mailto": entry.mailto}
    return {
        **LIKE_CRON,
        "timeout": allowed_timeout(LONGEST),
        "name": entry.name or default_name({"command": entry.written}),
        "command": entry.command,
        "schedule": {"cron": entry.cron, "timezone": entry.timezone},
        "env": entry.env,
        "working_dir": entry.working_dir,
        "metadata": {"crontab": {key: value for key, value in about.items() if value is not None}},
    }
