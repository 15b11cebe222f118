"""Links: addresses with a token in them, which work without an account."""

from enum import StrEnum


class LinkKind(StrEnum):
    """What an address does: run a task, show its state, or list what is due."""

    HOOK = "hook"
    BADGE = "badge"
    FEED = "feed"


PREFIXES = {LinkKind.HOOK: "pch_", LinkKind.BADGE: "pcb_", LinkKind.FEED: "pcf_"}
"""How tokens begin, so that one in a log or a repository is recognised."""

MOST_LINKS = {LinkKind.HOOK: 20, LinkKind.BADGE: 100, LinkKind.FEED: 20}
"""Of a task, of a team or a task, and of a user."""


def hook_name(name: str) -> str:
    """Return how a hook is shown where users are; no username has a blank."""
    return f"{name} (hook)"
