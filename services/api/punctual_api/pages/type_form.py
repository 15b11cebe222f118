"""The part of a task's form that says what it runs."""

from collections.abc import Mapping
from typing import Any

from punctual.store.models import Task
from punctual_api.schemas.types import type_of

BLANK_TYPE = {"type": "shell", "command": "", "interpreter": "python3", "body": ""}
"""A new task's part."""


def typed_type(task: Task) -> dict[str, str]:
    """The part of a task as it stands."""
    script = task.script or {"interpreter": BLANK_TYPE["interpreter"], "body": ""}
    return {"type": type_of(task), "command": task.command, **script}


def type_document(typed: Mapping[str, str]) -> dict[str, Any]:
    """The API's JSON for the part as typed, not checked yet."""
    if typed["type"] == "script":
        return {"script": {"interpreter": typed["interpreter"].strip(), "body": typed["body"]}}
    return {"command": typed["command"]}
