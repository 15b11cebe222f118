"""Full disks: detect them, and describe them in a sentence."""

import errno

NEEDED_MEGABYTES = 100
FULL = (
    f"the disk is full: a new database takes {NEEDED_MEGABYTES} MB. Make room, or name a folder on"
    " another disk as PUNCTUAL_DATA_DIR"
)
DISK_FULL_ERRORS = ("No space left on device", "Disk quota exceeded")


def is_full(error: OSError) -> bool:
    """Return whether the disk is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def reports_full_disk(output: str) -> bool:
    """Return whether a program ended because the disk was full."""
    return any(error in output for error in DISK_FULL_ERRORS)
