"""A disk without room, said in a sentence."""

import errno

NEEDED_MEGABYTES = 100
FULL = (
    f"the disk is full: a new database takes {NEEDED_MEGABYTES} MB. Make room, or name a folder on"
    " another disk as PUNCTUAL_DATA_DIR"
)
SAID = ("No space left on device", "Disk quota exceeded")


def is_full(error: OSError) -> bool:
    """Return whether it is for want of room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def says_full(output: str) -> bool:
    """Return whether a program ended for want of room."""
    return any(said in output for said in SAID)
