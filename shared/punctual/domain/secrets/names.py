"""What a secret may be called and may hold, in the store and in a file of a worker."""

import re

KIB = 1024
LONGEST_NAME = 100
LONGEST_FILE_NAME = 200
MOST_BYTES = 64 * KIB
"""Of a value, as UTF-8."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
NAME_RULE = "A name is 1 to 100 letters, digits, _, - and dots, and starts with a letter or digit."
FILE_NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*"
FILE_NAME_RULE = (
    "A secret file is named as below the workers' folder: letters, digits, _, -, dots and slashes,"
    " no part starts with a dot."
)

_NAME = re.compile(NAME)
_FILE_NAME = re.compile(FILE_NAME)


def is_name(text: str) -> bool:
    """Return whether a secret may have this name."""
    return _NAME.fullmatch(text) is not None


def is_file_name(text: str) -> bool:
    """Return whether this can name a file below the folder of secret files, and none above it."""
    return len(text) <= LONGEST_FILE_NAME and _FILE_NAME.fullmatch(text) is not None


def value_fault(value: str) -> str | None:
    """Return why this cannot be the value of a secret, in a sentence; None when it can be."""
    if not value:
        return "A secret must not be empty."
    if "\0" in value:
        return "A secret must not contain a NUL character: no environment can hold one."
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "A secret must not contain half of a character (a lone surrogate)."
    if size > MOST_BYTES:
        return f"A secret must be at most {MOST_BYTES // KIB} KiB long."
    return None
