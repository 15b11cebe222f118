"""References to secrets in a task's environment and request.

`{"secret": "pg"}` stands for a secret of the task's team, `{"secret_file": "pg"}` for a file of the
worker. In the text of a header or a body, `${secret:pg}` and `${secret_file:pg}` mean the same.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from punctual.domain.secrets.names import (
    FILE_NAME,
    FILE_NAME_RULE,
    NAME,
    NAME_RULE,
    is_file_name,
    is_name,
)


class Kind(StrEnum):
    """Where the value of a reference comes from; also its key in an object."""

    STORED = "secret"
    FILE = "secret_file"


class Reference(NamedTuple):
    """One use of a secret: a name in the team's store, or of a file."""

    kind: Kind
    name: str

    @property
    def placeholder(self) -> str:
        """Return what stands for it in a text."""
        return f"${{{self.kind.value}:{self.name}}}"

    @property
    def document(self) -> dict[str, str]:
        """Return it as an object."""
        return {self.kind.value: self.name}


PLACEHOLDER = rf"\$\{{(?:secret:(?P<secret>{NAME})|secret_file:(?P<secret_file>{FILE_NAME}))\}}"
"""The pattern of a reference in a text; its groups are named as the kinds are."""

_PLACEHOLDER = re.compile(PLACEHOLDER)
_MEANT = re.compile(r"\$\{secret(?:_file)?:[^}\s]*\}?")


def reference_of(value: object) -> Reference | None:
    """Return the reference that an object is; None for anything else."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    [(key, name)] = value.items()
    if key == Kind.STORED and isinstance(name, str) and is_name(name):
        return Reference(Kind.STORED, name)
    if key == Kind.FILE and isinstance(name, str) and is_file_name(name):
        return Reference(Kind.FILE, name)
    return None


def reference_fault(value: Mapping[Any, Any]) -> str | None:
    """Return why an object is no reference, in a sentence; None when it is one."""
    if reference_of(value) is not None:
        return None
    [key] = value.keys() if len(value) == 1 else [None]
    if key not in (Kind.STORED, Kind.FILE):
        return 'Must be a text, {"secret": name} or {"secret_file": name}.'
    return NAME_RULE if key == Kind.STORED else FILE_NAME_RULE


def found_in(match: re.Match[str]) -> Reference:
    """Return the reference that a match of PLACEHOLDER is."""
    if match["secret"] is not None:
        return Reference(Kind.STORED, match["secret"])
    return Reference(Kind.FILE, match["secret_file"])


def references_in_text(text: str) -> Iterator[Reference]:
    """Yield the references of a text, in order."""
    if "${secret" in text:
        for match in _PLACEHOLDER.finditer(text):
            yield found_in(match)


def whole_placeholder(text: str) -> Reference | None:
    """Return the reference that a text is, as forms have it; None for any other text."""
    match = _PLACEHOLDER.fullmatch(text)
    return None if match is None else found_in(match)


def misspelt_placeholder(text: str) -> str | None:
    """Return a placeholder in a text that begins as one and is none; None without."""
    if "${secret" not in text:
        return None
    return next((m[0] for m in _MEANT.finditer(text) if not _PLACEHOLDER.fullmatch(m[0])), None)


def read_env(stored: object) -> Any:
    """Return a stored environment as an object; one of a task with references is stored as pairs.

    An object with references would end the runner of a worker of release 0.1.0, and all that runs
    there. It refuses a run whose environment is a list.
    """
    if not isinstance(stored, list):
        return stored
    return {pair[0]: pair[1] for pair in stored if isinstance(pair, list) and len(pair) == 2}


def references_in(env: object, http: object) -> Iterator[tuple[Reference, str]]:
    """Yield each reference of a task's environment and request with its place, as a pointer."""
    if isinstance(env, Mapping):
        for variable, value in env.items():
            if type(value) is not str and (found := reference_of(value)):
                yield found, f"/env/{variable}"
    if isinstance(http, Mapping):
        yield from _in_request(http)


def _in_request(http: Mapping[str, Any]) -> Iterator[tuple[Reference, str]]:
    headers = http.get("headers")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        for found in _in_value(value):
            yield found, f"/http/headers/{name}"
    for found in _in_value(http.get("body")):
        yield found, "/http/body"


def _in_value(value: object) -> Iterator[Reference]:
    if isinstance(value, str):
        yield from references_in_text(value)
    elif found := reference_of(value):
        yield found


def stored_names(env: object, http: object) -> list[str] | None:
    """Return the names of the secrets that a task uses, in order; None without any reference.

    Empty where all of its references are files of workers.
    """
    found = [reference for reference, _ in references_in(env, http)]
    if not found:
        return None
    return sorted({each.name for each in found if each.kind == Kind.STORED})
