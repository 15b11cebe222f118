"""Cursors: opaque positions, so that pages stay stable while rows are added."""

import base64
import binascii
import struct
import uuid
from datetime import UTC, datetime, timedelta

from punctual.domain.runs.health import Health
from punctual.store.runs.listing import Position as RunPosition
from punctual.store.tasks.with_health import Position
from punctual_api.http.problems import Fault, invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RUN = struct.Struct(">q16s")
TIME = struct.Struct(">q")
LAST_VERSION = 2**31
HEALTHS = list(Health)


def task_cursor(task_id: uuid.UUID) -> str:
    """Return the cursor of the page that ends with this task."""
    return _shown(task_id.bytes)


def read_task_cursor(cursor: str | None) -> uuid.UUID | None:
    """Return the task that a cursor names; raises Problem 422 for what is no such cursor."""
    if cursor is None:
        return None
    try:
        return uuid.UUID(bytes=_read(cursor))
    except ValueError:
        raise _bad_cursor() from None


def position_cursor(position: Position) -> str:
    """Return the cursor of the page that ends with this task, where health decides the order too.

    Without a health it is the cursor of the task.
    """
    if position.health is None:
        return task_cursor(position.task_id)
    return _shown(bytes([HEALTHS.index(position.health)]) + position.task_id.bytes)


def read_position(cursor: str | None, *, by_health: bool) -> Position | None:
    """Return the position of a cursor; raises Problem 422 for one of the other order."""
    if not by_health or cursor is None:
        task_id = read_task_cursor(cursor)
        return None if task_id is None else Position(task_id)
    try:
        raw = _read(cursor)
        return Position(uuid.UUID(bytes=raw[1:]), HEALTHS[raw[0]])
    except (ValueError, IndexError):
        raise _bad_cursor() from None


def run_cursor(scheduled_for: datetime, run_id: uuid.UUID) -> str:
    """Return the cursor of the page that ends with this run."""
    return _shown(RUN.pack((scheduled_for - EPOCH) // timedelta(microseconds=1), run_id.bytes))


def read_run_cursor(cursor: str | None) -> RunPosition | None:
    """Return the run that a cursor names; raises Problem 422 for what is no such cursor."""
    if cursor is None:
        return None
    try:
        microseconds, run_id = RUN.unpack(_read(cursor))
        return RunPosition(EPOCH + timedelta(microseconds=microseconds), uuid.UUID(bytes=run_id))
    except (ValueError, struct.error, OverflowError):
        raise _bad_cursor() from None


def time_cursor(at: datetime) -> str:
    """Return the cursor of the page that ends with this instant."""
    return _shown(TIME.pack((at - EPOCH) // timedelta(microseconds=1)))


def read_time_cursor(cursor: str | None) -> datetime | None:
    """Return the instant that a cursor names; raises Problem 422 for what is no such cursor."""
    if cursor is None:
        return None
    try:
        [microseconds] = TIME.unpack(_read(cursor))
        return EPOCH + timedelta(microseconds=microseconds)
    except (ValueError, struct.error, OverflowError):
        raise _bad_cursor() from None


def number_cursor(number: int) -> str:
    """Return the cursor of the page that ends with this version."""
    return _shown(TIME.pack(number))


def read_number_cursor(cursor: str | None) -> int | None:
    """Return the version that a cursor names; raises Problem 422 for what is no such cursor."""
    if cursor is None:
        return None
    try:
        [number] = TIME.unpack(_read(cursor))
    except (ValueError, struct.error):
        raise _bad_cursor() from None
    if not 0 < number < LAST_VERSION:
        raise _bad_cursor()
    return int(number)


def _shown(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(cursor) from error


def _bad_cursor() -> Exception:
    wrong = "Invalid cursor for this list; omit it to start from the first page."
    return invalid([Fault("/cursor", wrong)])
