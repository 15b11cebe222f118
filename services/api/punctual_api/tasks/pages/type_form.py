"""The part of a task's form for its command, script or HTTP request."""

from collections.abc import Mapping
from typing import Any

from punctual.store.schema.models import Task
from punctual_api.tasks.pages.secret_text import as_text, as_texts, as_value
from punctual_api.tasks.schemas.task_types import type_of
from punctual_api.tasks.stored import stored_http, stored_script
from punctual_api.web.form_fields import read_codes, read_headers, write_codes, write_headers

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
REDIRECTS = ("yes", "no")


def typed_type(task: Task) -> dict[str, str]:
    """Return the part of a task as it stands."""
    script, request = stored_script(task.script), stored_http(task.http)
    typed = {**BLANK_TYPE, "type": type_of(task), "command": task.command, **(script or {})}
    if request is not None:
        typed |= {
            "method": request["method"],
            "url": request["url"],
            "headers": write_headers(as_texts(request["headers"])),
            "http_body": as_text(request["body"] or ""),
            "expect": write_codes(request["expect"]),
            "follow_redirects": "yes" if request["follow_redirects"] else "no",
        }
    return typed


def type_document(typed: Mapping[str, str], *, task: Task | None = None) -> dict[str, Any]:
    """Return the API's JSON for the part as typed, not checked yet.

    What the form does not show of `task` stays as it is. Raises ValueError for headers that
    cannot be read.
    """
    if typed["type"] == "script":
        return {"script": {"interpreter": typed["interpreter"].strip(), "body": typed["body"]}}
    if typed["type"] != "http":
        return {"command": typed["command"]}
    stored = None if task is None else stored_http(task.http)
    timeout = {} if stored is None else {"timeout": stored["timeout"]}
    request = {
        **timeout,
        "method": typed["method"],
        "url": typed["url"].strip(),
        "headers": {name: as_value(text) for name, text in read_headers(typed["headers"]).items()},
        "body": _body(typed["http_body"], None if stored is None else stored["body"]),
        "expect": read_codes(typed["expect"]) or None,
        "follow_redirects": typed["follow_redirects"] != "no",
    }
    return {"http": request}


def _body(typed: str, stored: Any) -> Any:
    """Return the content as typed: as it is stored where the form shows it so."""
    if stored is not None and typed == as_text(stored):
        return stored
    return as_value(typed) or None
