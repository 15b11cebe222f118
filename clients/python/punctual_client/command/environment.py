"""The one reader of the environment: who and where, and how to show it."""

import os
from pathlib import Path
from typing import NamedTuple


class Environment(NamedTuple):
    """What the variables say; None for one that is not set."""

    url: str | None
    token: str | None
    editor: str


class Unusable(Exception):
    """A variable that cannot be used; the text says why."""


def read_environment() -> Environment:
    """Read the variables that the command knows; raises Unusable."""
    token = os.environ.get("PUNCTUAL_TOKEN") or _from_file(os.environ.get("PUNCTUAL_TOKEN_FILE"))
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return Environment(os.environ.get("PUNCTUAL_URL") or None, token, editor)


def _from_file(name: str | None) -> str | None:
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"PUNCTUAL_TOKEN_FILE: {name} cannot be read: {error}") from None
