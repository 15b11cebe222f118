"""Pings in the form of a task: one URL, or the API's own JSON."""

from collections.abc import Mapping
from typing import Any

from punctual.domain.commands.pings import PingEvent
from punctual_api.web.form_fields import read_object, write_json


def read_ping(text: str) -> dict[str, Any]:
    """Return the API's JSON for what was typed, not checked yet. Raises ValueError."""
    return read_object(text) if text.lstrip().startswith("{") else {"url": text.strip()}


def write_ping(ping: Mapping[str, Any] | None) -> str:
    """Return stored pings as they are typed."""
    if ping is None:
        return ""
    own = {name: value for name, value in ping.items() if value is not None}
    if set(own) == {"url", "on"} and len(own["on"]) == len(PingEvent):
        return str(own["url"])
    return write_json(own)
