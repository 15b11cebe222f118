"""Before and after, field by field: what changed alone, without secrets, and not too long."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from punctual.domain.instant import format_instant
from punctual.domain.secrets.references import reference_of

Changes = dict[str, list[Any]]
"""Each field that changed, by its name: what it was, and what it is now."""

MASK = "••••"
MOST_CHARACTERS = 1000
"""Of a text, and of a list or an object as JSON; the rest is left out."""
MOST_FIELDS = 100

SECRET_NAME = re.compile(
    r"(?i)pass(word|wd|phrase|code)?|pwd|secret|token|credential|auth|cookie|session|private"
    r"|signature|api_?-?key|access_?-?key|(^|[_-])(key|pin|salt|dsn)$"
)
"""Names of variables, headers and parameters whose values are not recorded."""

PASSWORD_IN_URL = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)")
"""The password of a URL such as postgresql://app:password@db/."""

SECRET_IN_QUERY = re.compile(
    r"(?i)([?&][^=&\s]*(?:pass|secret|token|key|sig|auth)[^=&\s]*=)[^&\s#]+"
)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Return what changed between two states, each field of an object for itself (`env.PATH`)."""
    changed: Changes = {}
    left_out = 0
    for name, old, new in _pairs(before, after):
        if old == new:
            continue
        if len(changed) == MOST_FIELDS:
            left_out += 1
        else:
            changed[name] = [_shown(name, old), _shown(name, new)]
    if left_out:
        changed["…"] = [None, f"{left_out} more"]
    return changed


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in _names(before, after):
        old, new = before.get(name), after.get(name)
        sides = (old, new)
        if any(isinstance(side, Mapping) for side in sides) and all(
            side is None or isinstance(side, Mapping) for side in sides
        ):
            old, new = old or {}, new or {}
            for key in _names(old, new):
                yield f"{name}.{key}", old.get(key), new.get(key)
        else:
            yield name, old, new


def _names(*sides: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for side in sides for name in side))


def _shown(name: str, value: Any) -> Any:
    """Return a value as it is recorded under this name."""
    shown = _masked(name.partition(".")[2], value)
    if isinstance(shown, str):
        return _shortened(shown)
    if isinstance(shown, Mapping | list | tuple):
        text = json.dumps(shown, ensure_ascii=False, default=str)
        return shown if len(text) <= MOST_CHARACTERS else _shortened(text)
    return shown


def _masked(name: str, value: Any) -> Any:
    """Return a value without secrets; `name` is that of the variable, header or parameter."""
    if name and not _is_shown(value) and SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return SECRET_IN_QUERY.sub(rf"\1{MASK}", PASSWORD_IN_URL.sub(rf"\1{MASK}", value))
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Mapping) and reference_of(value) is None:
        # A parameter, {"name": "password", "default": …}, says in one field what another one is.
        own = value.get("name") if "default" in value else None
        return {
            key: _masked(own if key == "default" and isinstance(own, str) else str(key), below)
            for key, below in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked("", below) for below in value]
    return value


def _is_shown(value: Any) -> bool:
    """Return whether a value is shown whatever its name is; so is what only names a secret."""
    return value is None or isinstance(value, bool) or reference_of(value) is not None


def _shortened(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}… ({len(text):,} characters)"
