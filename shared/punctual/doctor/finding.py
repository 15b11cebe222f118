"""What the doctor finds: one sentence on one thing, and how bad it is."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "unseen", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`error` means that something does not work now; `warning`, that it may not later."""

    check: str
    level: Level
    detail: str


def ok(check: str, detail: str) -> Finding:
    """As it should be."""
    return Finding(check, "ok", detail)


def unseen(check: str, detail: str) -> Finding:
    """It could not be looked at from here, which says nothing of how it is."""
    return Finding(check, "unseen", detail)


def warning(check: str, detail: str) -> Finding:
    """It works, and should be looked at."""
    return Finding(check, "warning", detail)


def error(check: str, detail: str) -> Finding:
    """It does not work."""
    return Finding(check, "error", detail)
