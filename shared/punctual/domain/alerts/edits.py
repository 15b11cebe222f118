"""Edits: what of a task is not as it was when it last succeeded, by the snapshots of two runs."""

from collections.abc import Mapping
from typing import Any

from punctual.domain.alerts.facts import Edit
from punctual.domain.audit.changes import differences
from punctual.domain.secrets.references import read_env

SHOWN = frozenset(
    {"command", "script.body", "script.interpreter", "working_dir", "timeout", "end_grace"}
    | {"retry_delay", "retry_delay_max", "retry_on", "no_retry_on", "http.url", "http.method"}
    | {"limits.memory_bytes", "limits.processes", "limits.file_bytes", "http.expect"}
)
"""Fields whose values a message shows. Those of variables and headers go to no chat."""


def edits_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Edit, ...]:
    """Return the fields that differ between two snapshots of a task, in the words of its API."""
    if not before or not after:
        return ()
    changed = differences(_flat(before), _flat(after))
    return tuple(
        Edit(name, _words(old), _words(new)) if name in SHOWN else Edit(name)
        for name, (old, new) in changed.items()
    )


def _flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot with its environment in one place; it has another one with secrets."""
    secrets = spec.get("secrets")
    env = secrets.get("env") if isinstance(secrets, Mapping) else spec.get("env")
    rest = {name: value for name, value in spec.items() if name not in ("env", "secrets", "name")}
    return {**rest, "env": read_env(env) or {}}


def _words(value: object) -> str:
    if value is None:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
