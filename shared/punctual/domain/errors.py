"""Errors of the domain's rules."""

from dataclasses import dataclass


class PunctualError(Exception):
    """Anything the product's rules refuse, with a message that a user can act on."""


class InvalidPart(PunctualError):
    """A part of a request is invalid.

    `pointer` is the JSON pointer of the culprit in what was sent ("/schedule/cron"), `detail` a
    sentence that helps to correct it.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(pointer, detail)
        self.pointer = pointer
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}"


class InvalidSchedule(InvalidPart):
    """A schedule is invalid."""


class InvalidParams(InvalidPart):
    """Parameters, or values for them, are invalid."""


class InvalidCalendar(InvalidPart):
    """A calendar is invalid or does not exist."""


class InvalidSecret(InvalidPart):
    """A task names a secret that does not exist."""


class Unplannable(PunctualError):
    """A task's due times cannot be computed now; the message is for its team."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that cannot be used on this machine, and a sentence that says why."""

    detail: str
