"""What the rules refuse, as nouns of the domain."""

from dataclasses import dataclass


class PunctualError(Exception):
    """Anything the product refuses by its own rules, said so that a user can act on it."""


class InvalidPart(PunctualError):
    """A part of what was sent that cannot be kept.

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
    """A schedule that cannot be kept."""


class InvalidParams(InvalidPart):
    """Parameters, or values for them, that cannot be taken."""


class InvalidCalendar(InvalidPart):
    """A calendar that cannot be kept, or one that there is not."""


class Unplannable(PunctualError):
    """A task whose due times cannot be computed now, with a sentence for its team."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that cannot be used on this machine, and a sentence that says why."""

    detail: str
