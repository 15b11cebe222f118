"""What a team's slug may be: lower case, so that it reads the same in an address and in a file."""

import re

SLUG = r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])"
SLUG_RULE = "A slug is 2 to 40 lower-case letters, digits and dashes, and no dash at either end."

_SLUG = re.compile(SLUG)


def is_slug(text: str) -> bool:
    """Return whether a new team may have this slug; personal teams have their user's name."""
    return _SLUG.fullmatch(text) is not None
