"""Pings: requests to a monitor outside, which misses them when runs stop (a dead man's switch)."""

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit


class PingEvent(StrEnum):
    """What a monitor learns."""

    START = "start"
    SUCCESS = "success"
    FAILURE = "failure"


EVENT_OF = {
    "succeeded": PingEvent.SUCCESS,
    "failed": PingEvent.FAILURE,
    "timed_out": PingEvent.FAILURE,
    "lost": PingEvent.FAILURE,
}
"""By the state that a run ended in; a cancelled one says nothing about the task."""


def stored_ping(ping: object) -> dict[str, Any] | None:
    """Return a task's pings in full, whatever is stored; None where it has none."""
    if not isinstance(ping, Mapping):
        return None
    urls = {name: _text(ping.get(name)) for name in ("url", *PingEvent)}
    on = ping.get("on")
    listed = on if isinstance(on, list) else list(PingEvent)
    return {**urls, "on": [event.value for event in PingEvent if event in listed]}


def ping_address(
    ping: object, event: PingEvent, *, run_id: uuid.UUID, exit_code: int | None = None
) -> str | None:
    """Return the address to request at this event; None where there is none.

    One that is meant for the event is taken as it is. Of `url`, it is the one that Healthchecks
    and its relatives have: /start, nothing for success, the exit code or /fail; the run's id
    (`rid`) is what joins a start and its end.
    """
    found = stored_ping(ping)
    if found is None or event not in found["on"]:
        return None
    own, url = _text(found[event]), _text(found["url"])
    if own is not None or url is None:
        return own
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"rid={run_id}")))
    path = parts.path.rstrip("/") + _suffix(event, exit_code)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _suffix(event: PingEvent, exit_code: int | None) -> str:
    match event:
        case PingEvent.START:
            return "/start"
        case PingEvent.SUCCESS:
            return ""
        case PingEvent.FAILURE:
            return f"/{exit_code}" if exit_code and 0 < exit_code < 256 else "/fail"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
