"""URLs of PostgreSQL and Redis: recognised, and shown without their passwords."""

import re

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

MASK = "********"
PASSWORD = re.compile(r"(?<=://)([^:/?#@]*:).*(?=@)")
"""Up to the last @: drivers take passwords with characters that end a host's name."""
PASSWORD_IN_QUERY = re.compile(r"(?i)\b((?:ssl)?password=)[^&]*")


def is_postgresql(url: str) -> bool:
    """Return whether a URL is that of a PostgreSQL database."""
    try:
        return make_url(url).get_backend_name() in ("postgres", "postgresql")
    except (ArgumentError, ValueError):  # ValueError: of a port that is no number
        return False


def mask_url(url: str) -> str:
    """Return the URL with its passwords masked."""
    return PASSWORD.sub(rf"\1{MASK}", PASSWORD_IN_QUERY.sub(rf"\1{MASK}", url))
