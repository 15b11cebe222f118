"""Findings: one sentence on one thing, with a level."""

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
    """Return a finding that something is as it should be."""
    return Finding(check, "ok", detail)


def unseen(check: str, detail: str) -> Finding:
    """Return a finding that something could not be checked from here."""
    return Finding(check, "unseen", detail)


def warning(check: str, detail: str) -> Finding:
    """Return a finding that something works, and needs attention."""
    return Finding(check, "warning", detail)


def error(check: str, detail: str) -> Finding:
    """Return a finding that something does not work."""
    return Finding(check, "error", detail)
