"""A task's JSON columns in the shape that responses need, whatever is stored.

Rules for what is sent grow stricter from release to release, and rows stay: an answer never fails
on one, and what has the wrong type is left out of it.
"""

from collections.abc import Mapping
from typing import Any

from punctual.domain.commands.pings import stored_ping
from punctual.domain.runs.after import stored_edges
from punctual.domain.runs.limits import LIMITS
from punctual.domain.runs.params import read_params
from punctual.domain.runs.params import to_document as params_document
from punctual.domain.secrets.references import reference_of
from punctual.store.schema.models import Task

_HTTP: dict[str, tuple[type | tuple[type, ...], Any]] = {
    "method": (str, "GET"),
    "url": (str, ""),
    "headers": (dict, {}),
    "body": (str, None),
    "expect": (list, None),
    "timeout": ((int, float), 30.0),
    "follow_redirects": (bool, True),
}


def stored_env(env: object) -> dict[str, Any]:
    """Return the variables that have texts, or secrets, for values."""
    return _texts_and_secrets(env)


def stored_limits(limits: object) -> dict[str, int | None]:
    """Return every limit by name; None is left to the worker."""
    if not isinstance(limits, Mapping):
        return dict.fromkeys(LIMITS)
    return {name: _of(limits.get(name), int, None) for name in LIMITS}


def stored_script(script: object) -> dict[str, str] | None:
    """Return a script's interpreter and body."""
    if not isinstance(script, Mapping):
        return None
    return {name: _of(script.get(name), str, "") for name in ("interpreter", "body")}


def stored_http(request: object) -> dict[str, Any] | None:
    """Return a request with all of its fields."""
    if not isinstance(request, Mapping):
        return None
    read = {name: _of(request.get(name), *how) for name, how in _HTTP.items()}
    read["headers"] = _texts_and_secrets(read["headers"])
    if reference_of(request.get("body")) is not None:
        read["body"] = request["body"]
    if read["expect"] is not None:
        read["expect"] = [status for status in read["expect"] if isinstance(status, int)] or None
    return read


def stored_params(params: object) -> list[dict[str, object]] | None:
    """Return a task's parameters as the API writes them."""
    return params_document(read_params(params)) or None if params else None


def stored_after(after: object) -> list[dict[str, str]]:
    """Return the edges to tasks before this one."""
    return [{"task": str(task), "on": on} for task, on in stored_edges(after)] if after else []


def stored_metadata(metadata: object) -> dict[str, Any]:
    """Return the metadata, which is an object."""
    return _of(metadata, dict, {})  # type: ignore[no-any-return]  # of that type


def stored_columns(task: Task) -> dict[str, Any]:
    """Return the JSON columns of a task, except its schedule."""
    return {
        "env": stored_env(task.env),
        "script": stored_script(task.script),
        "http": stored_http(task.http),
        "params": stored_params(task.params),
        "after": stored_after(task.after),
        "metadata": stored_metadata(task.meta),
        "limits": stored_limits(task.limits),
        "ping": stored_ping(task.ping),
    }


def _texts_and_secrets(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {}
    return {
        name: given
        for name, given in value.items()
        if isinstance(given, str) or reference_of(given) is not None
    }


def _of(value: Any, kind: type | tuple[type, ...], otherwise: Any) -> Any:
    """Return the value when it is of that kind; a flag is no number."""
    if isinstance(value, bool) and kind is not bool:
        return otherwise
    return value if isinstance(value, kind) else otherwise
