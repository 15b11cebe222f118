"""What can go wrong with a request, as exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


class PunctualError(Exception):
    """Whatever this client raises on purpose; its text is for people."""


class Unreachable(PunctualError):
    """No Punctual answered: no connection, no answer in time, or something else is there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of what was sent: a JSON pointer and a sentence."""

    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}" if self.pointer else self.detail


class Problem(PunctualError):
    """An answer that is an error, as RFC 9457 has it."""

    def __init__(
        self, status: int, document: Mapping[str, Any], *, retry_after: float | None = None
    ) -> None:
        self.status = status
        self.type = str(document.get("type", "about:blank"))
        self.title = str(document.get("title") or _phrase(status))
        self.detail = str(document.get("detail") or self.title)
        self.request_id = str(document.get("request_id", ""))
        self.faults = tuple(
            Fault(str(each.get("pointer", "")), str(each.get("detail", "")))
            for each in document.get("errors") or ()
            if isinstance(each, Mapping)
        )
        self.retry_after = retry_after
        super().__init__("\n".join([self.detail, *map(str, self.faults)]))


class NotLoggedIn(Problem):
    """401: no token, or one that has ended."""


class Forbidden(Problem):
    """403: the role or the token does not allow it."""


class NotFound(Problem):
    """404: there is none, or none that this user may see."""


class Conflict(Problem):
    """409: not as things are now."""


class Changed(Conflict):
    """412: it has changed since it was read."""


class Invalid(Problem):
    """422: what was sent is not valid; `faults` says where."""


class TooManyRequests(Problem):
    """429: past a limit; `retry_after` says for how many seconds."""


class ServerFault(Problem):
    """5xx: the server failed, or is not ready."""


BY_STATUS: Mapping[int, type[Problem]] = {
    401: NotLoggedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Changed,
    422: Invalid,
    429: TooManyRequests,
}


def problem_of(status: int, document: object, *, retry_after: float | None = None) -> Problem:
    """Return the exception for an answer; a body that is no problem document counts as none."""
    kind = BY_STATUS.get(status, ServerFault if status >= 500 else Problem)
    known = document if isinstance(document, Mapping) else {}
    return kind(status, known, retry_after=retry_after)


def _phrase(status: int) -> str:
    try:
        return f"The server answered {status} {HTTPStatus(status).phrase}."
    except ValueError:
        return f"The server answered {status}."
