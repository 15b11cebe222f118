"""The part of a task's form that says what it runs."""

from collections.abc import Mapping
from typing import Any

from punctual.store.models import Task
from punctual_api.pages.lines import read_codes, read_headers, write_codes, write_headers
from punctual_api.schemas.types import type_of

BLANK_TYPE = {
    "type": "shell",
    "command": "",
    "interpreter": "python3",
    "body": "",
    "method": "GET",
    "url": "",
    "headers": "",
    "http_body": "",
    "expect": "",
    "follow_redirects": "yes",
}
"""A new task's part."""


def typed_type(task: Task) -> dict[str, str]:
    """The part of a task as it stands."""
    typed = {**BLANK_TYPE, "type": type_of(task), "command": task.command, **(task.script or {})}
    if task.http is not None:
        typed |= {
            "method": task.http["method"],
            "url": task.http["url"],
            "headers": write_headers(task.http["headers"]),
            "http_body": task.http["body"] or "",
            "expect": write_codes(task.http["expect"]),
            "follow_redirects": "yes" if task.http["follow_redirects"] else "no",
        }
    return typed


def type_document(typed: Mapping[str, str], *, task: Task | None = None) -> dict[str, Any]:
    """The API's JSON for the part as typed, not checked yet.

    What the form does not show of `task` stays as it is. Raises ValueError for headers that
    cannot be read.
    """
    if typed["type"] == "script":
        return {"script": {"interpreter": typed["interpreter"].strip(), "body": typed["body"]}}
    if typed["type"] != "http":
        return {"command": typed["command"]}
    kept = {} if task is None or task.http is None else {"timeout": task.http["timeout"]}
    request = {
        **kept,
        "method": typed["method"],
        "url": typed["url"].strip(),
        "headers": read_headers(typed["headers"]),
        "body": typed["http_body"] or None,
        "expect": read_codes(typed["expect"]) or None,
        "follow_redirects": typed["follow_redirects"] != "no",
    }
    return {"http": request}
