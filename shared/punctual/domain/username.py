"""Usernames: which are valid, and the normal form by which they are found."""

import re

USERNAME = re.compile(r"[A-Za-z0-9_.\-]{3,64}\Z")


def canonical_username(username: str) -> str | None:
    """Return the form that is unique among users; None for what no user can be named.

    ASCII only, so no other alphabet's letter becomes one of ours by lower-casing (`İ` and `i`).
    """
    return username.lower() if USERNAME.match(username) else None
