"""Forms of channels and rules: what is typed, as the API would be sent it, and back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from punctual_api.alerts.pages.words import BY_DEFAULT
from punctual_api.http.problems import Problem, faults_in
from punctual_api.web.form_fields import read_number, write_number

Document = dict[str, Any]

CHANNEL = ("name", "kind", "url", "to", "from", "until", "timezone", "urgent")
RULE = ("channel", "on", "tags", "tasks", "when", "escalate_to", "after_runs", "after_minutes")
BLANK_CHANNEL: Document = {
    **dict.fromkeys(CHANNEL, ""),
    "kind": "email",
    "urgent": [],
    "enabled": True,
}
BLANK_RULE: Document = {
    **dict.fromkeys(RULE, ""),
    "on": [str(kind) for kind in BY_DEFAULT],
    "when": "change",
    "enabled": True,
}
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def loaded(schema: Schema, document: Document) -> Any:
    """Return a document as the API reads it; raises Problem 422 with the faults of the form."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Problem(422, "", faults=list(faults_in(error.messages))) from None


def typed_channel() -> Document:
    """Return what was typed about a channel; its URL is not shown again."""
    form = request.form
    texts = {name: form.get(name, "").strip() for name in CHANNEL if name != "urgent"}
    return {**texts, "urgent": form.getlist("urgent"), "enabled": "enabled" in form}


def channel_document(typed: Mapping[str, Any], *, new: bool) -> Document:
    """Return it as the API would be sent it."""
    document: Document = {"name": typed["name"], "enabled": typed["enabled"], "quiet": None}
    if new:
        document["kind"] = typed["kind"]
    if typed["kind"] == "email":
        document["to"] = [one for one in re.split(r"[\s,;]+", typed["to"]) if one]
    elif typed["url"] or new:
        document["url"] = typed["url"]
    if typed["from"] or typed["until"]:
        document["quiet"] = {
            "from": typed["from"],
            "to": typed["until"],
            "timezone": typed["timezone"] or "UTC",
            "urgent": typed["urgent"],
        }
    return document


def channel_as_typed(shown: Mapping[str, Any]) -> Document:
    """Return a channel as its form shows it."""
    quiet = shown["quiet"] or {}
    return {
        "name": shown["name"],
        "kind": shown["kind"],
        "url": "",
        "to": "\n".join(shown["to"] or ()),
        "from": quiet.get("from", ""),
        "until": quiet.get("to", ""),
        "timezone": quiet.get("timezone", ""),
        "urgent": quiet.get("urgent", []),
        "enabled": shown["enabled"],
    }


def typed_rule() -> Document:
    """Return what was typed about a rule."""
    form = request.form
    texts = {name: form.get(name, "").strip() for name in RULE if name != "on"}
    return {**texts, "on": form.getlist("on"), "enabled": "enabled" in form}


def rule_document(typed: Mapping[str, Any]) -> Document:
    """Return it as the API would be sent it."""
    tags = [tag.strip() for tag in typed["tags"].split(",") if tag.strip()]
    document: Document = {
        "on": typed["on"],
        "tags": tags or None,
        "tasks": _tasks(typed["tasks"]) or None,
        "when": typed["when"] or "change",
        "enabled": typed["enabled"],
        "escalation": None,
    }
    if typed["channel"]:
        document["channel"] = typed["channel"]
    if typed["escalate_to"]:
        minutes = _number(typed["after_minutes"])
        document["escalation"] = {
            "channel": typed["escalate_to"],
            "after_runs": _number(typed["after_runs"]),
            "after_seconds": minutes * 60 if isinstance(minutes, int | float) else minutes,
        }
    return document


def rule_as_typed(shown: Mapping[str, Any]) -> Document:
    """Return a rule as its form shows it."""
    escalation = shown["escalation"] or {}
    seconds = escalation.get("after_seconds")
    return {
        "channel": str(shown["channel"]),
        "on": shown["on"],
        "tags": ", ".join(shown["tags"] or ()),
        "tasks": "\n".join(str(one) for one in shown["tasks"] or ()),
        "when": shown["when"],
        "escalate_to": str(escalation.get("channel") or ""),
        "after_runs": write_number(escalation.get("after_runs")),
        "after_minutes": write_number(None if seconds is None else seconds / 60),
        "enabled": shown["enabled"],
    }


def _tasks(text: str) -> Sequence[str]:
    """Return the ids in lines, each an id or the address of a task's page."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [found[0] if (found := _ID.search(line)) else line for line in lines]


def _number(text: str) -> int | float | str | None:
    return read_number(text) if text else None
