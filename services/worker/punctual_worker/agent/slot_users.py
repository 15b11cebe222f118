"""Claim the users of slots at the start of a worker: no other process may be one of them."""

import fcntl
import os
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from punctual.ops.config import InvalidSetting
from punctual.ops.slot_users import SETTING, SlotUserRange
from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.shared_places import PLACES
from punctual_worker.runner.supervise.user_processes import end_processes_of, processes_of

NAME = "slot-users"
"""How files about them begin, in the first of these folders that can be written to."""
FOLDER = Path("/run/punctual")
LOCK = f"{NAME}.lock"
FLOCK = struct.Struct("hhqqi")  # struct flock
END_SECONDS = 8.0


def claim_users(slot_users: SlotUserRange, work_dir: Path) -> int:
    """Lock the range, and kill what an earlier worker left running as these users.

    Return a descriptor that keeps other workers of this machine off them. Raises InvalidSetting
    while another worker has one of them, or another process is one.
    """
    for place in PLACES:
        _keep_owners_apart(Path(place))
    lock = _lock(slot_users, work_dir)
    left = processes_of(slot_users.all)
    if left and not _was_used(slot_users, work_dir):
        raise InvalidSetting(
            f"{SETTING}: process {left[0]} is one of the users {slot_users} already: choose a range"
            " that nothing else uses"
        )
    if not end_processes_of(slot_users.all, until=time.monotonic() + END_SECONDS):
        raise InvalidSetting(
            f"{SETTING}: a process that an earlier worker left as one of the users {slot_users}"
            " cannot be ended"
        )
    _note_use(slot_users, work_dir)
    return lock


def _keep_owners_apart(place: Path) -> None:
    """Set the sticky bit of a folder that is open to all: each user removes its own files alone.

    Folders that Kubernetes mounts lack it. Raises InvalidSetting where that cannot be done.
    """
    try:
        mode = place.stat().st_mode
    except OSError:
        return
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        try:
            place.chmod(stat.S_IMODE(mode) | stat.S_ISVTX)
        except OSError as error:
            raise InvalidSetting(
                f"{SETTING}: {place} is open to all users and has no sticky bit (chmod +t):"
                f" {error.strerror}"
            ) from None


def _lock(slot_users: SlotUserRange, work_dir: Path) -> int:
    for folder in _folders(slot_users, work_dir):
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(folder / LOCK, flags, 0o600)
        except OSError:
            continue
        count = len(slot_users.all)
        wanted = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, slot_users.first, count, 0)
        try:
            fcntl.fcntl(lock, fcntl.F_OFD_SETLK, wanted)
        except OSError:
            os.close(lock)
            raise InvalidSetting(
                f"{SETTING}: another worker of this machine uses users of the range {slot_users}:"
                " give each worker a range of its own"
            ) from None
        return lock
    raise InvalidSetting(f"{SETTING}: neither {FOLDER} nor {work_dir} can be written to")


def _was_used(slot_users: SlotUserRange, work_dir: Path) -> bool:
    mark = _mark(slot_users)
    return any((folder / mark).exists() for folder in (FOLDER, work_dir))


def _note_use(slot_users: SlotUserRange, work_dir: Path) -> None:
    for folder in _folders(slot_users, work_dir):
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(OSError):
            os.close(os.open(folder / _mark(slot_users), flags, 0o600))
            return


def _mark(slot_users: SlotUserRange) -> str:
    """Return the name of the file which says that workers had this range."""
    return f"{NAME}-{slot_users.first}-{len(slot_users.all)}"


def _folders(slot_users: SlotUserRange, work_dir: Path) -> Iterator[Path]:
    """Yield the machine's folder, and the worker's, which only the runner's user writes to."""
    with suppress(OSError):
        FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    yield FOLDER
    with _acting_as_runner(slot_users):
        yield work_dir


@contextmanager
def _acting_as_runner(slot_users: SlotUserRange) -> Iterator[None]:
    with ActingAs(slot_users.first):
        yield
