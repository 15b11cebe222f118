"""Jitter: spread due times out, each always by the same share."""

import uuid
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def jittered(scheduled_for: datetime, *, task_id: uuid.UUID, seconds: float) -> datetime:
    """Return the due time with the task's jitter: up to `seconds` later, never earlier.

    The share depends on the task and the instant alone, so that planning again changes nothing.
    """
    if not seconds:
        return scheduled_for
    instant = (scheduled_for - _EPOCH) // _MICROSECOND
    digest = blake2b(task_id.bytes + instant.to_bytes(8, signed=True), digest_size=8).digest()
    share = int.from_bytes(digest) / 2**64
    try:
        return scheduled_for + timedelta(seconds=seconds * share)
    except OverflowError:  # in the last hours of the year 9999
        return scheduled_for
