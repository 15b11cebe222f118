"""Channels: where messages go, and what of their addresses may be shown."""

import uuid
from enum import StrEnum
from urllib.parse import urlsplit

INSTALLATION = uuid.UUID(int=0)
"""Stands for the team of what belongs to the whole installation, where a team is needed."""

LONGEST_URL = 2000
MOST_RECIPIENTS = 20

PRINTABLE = "Must be printable ASCII without blanks; encode the rest with %."
NO_URL = "Must be a URL such as https://hooks.example.com/path."


class ChannelKind(StrEnum):
    """How a channel delivers."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    APPRISE = "apprise"


class Part(StrEnum):
    """What of a channel is sealed."""

    URL = "url"
    SECRET = "secret"  # noqa: S105 - the name of a column


def sealed_name(channel_id: uuid.UUID, part: Part) -> str:
    """Return the name that a part is sealed with; no secret of a team can have it."""
    return f"channel/{channel_id}/{part}"


def webhook_fault(url: str) -> str | None:
    """Return why this is no URL of a webhook, in a sentence; None when it is one."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return PRINTABLE
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return NO_URL
    if not usable:
        return NO_URL
    if "@" in parts.netloc:
        return "Must be without user and password: receivers verify the signature."
    return None


def masked(kind: ChannelKind, url: str) -> str:
    """Return what of a URL may be shown: its path is a key to many services.

    An Apprise URL may have a key in the place of the host.
    """
    parts = urlsplit(url)
    if kind == ChannelKind.APPRISE and parts.scheme != "https":
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
