"""Cleans up after users of slots, in a thread: what a run left outside of its HOME.

A user is free again when no process of it exists. Only then its files, System V objects and message
queues are removed, by acting as that user: nothing of another one can be touched, and nothing of
its own can interfere any more.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections import deque
from contextlib import suppress

from punctual_worker.runner.host.acting_as import EffectivelyAs
from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.shared_places import PLACES, SharedFolder
from punctual_worker.runner.host.threads import start_thread
from punctual_worker.runner.supervise.user_processes import has_process, kill_processes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from punctual_worker.runner.host.slot_users import SlotUser

# After this long a user is used again all the same, and what stays is removed after its next run.
GIVE_UP_NS = 20_000_000_000
# Removing takes turns of this length, those first who left little; more paths are not remembered.
TURN_NS = 500_000_000
MOST_PATHS = 10_000
# Users that come within this time are cleaned up after together.
GATHER_SECONDS = 0.002
# While a process of a user lives on, or there is more to remove, that is looked at so often.
LOOK_AGAIN_SECONDS = 0.1

IPC_RMID = 0
# The column of the number, and those of the owner and the creator, of /proc/sysvipc/*.
IPC_KINDS = {"shm": (1, (7, 9)), "sem": (1, (4, 6)), "msg": (1, (7, 9))}

_libc = ctypes.CDLL(None, use_errno=True)


class SlotCleaner:
    """Takes users that attempts are done with, and hands them back free."""

    def __init__(self, free: deque[SlotUser], uids: range) -> None:
        self._free = free
        self._folders = [SharedFolder(place, uids) for place in PLACES]
        self._used: deque[tuple[SlotUser, int]] = deque()
        self._has_used = threading.Event()
        self._has_thread = False

    def add(self, user: SlotUser) -> None:
        """Have a user cleaned up after."""
        self._used.append((user, time.monotonic_ns() + GIVE_UP_NS))
        self._has_used.set()
        if not self._has_thread:
            self._has_thread = start_thread(self._work)

    def clean_all(self, users: Sequence[SlotUser]) -> None:
        """Clean up after users now, those that have no process."""
        _clean([user for user in users if not has_process(user.uid)], self._folders)

    def _work(self) -> None:
        while True:
            self._has_used.wait(LOOK_AGAIN_SECONDS if self._used else None)
            time.sleep(GATHER_SECONDS)
            self._has_used.clear()
            used = [self._used.popleft() for _ in range(len(self._used))]
            alive = [each for each in used if has_process(each[0].uid)]
            if alive:
                kill_processes_of({user.uid for user, _ in alive})
            gone = [each for each in used if each not in alive]
            left = _clean([user for user, _ in gone], self._folders)
            now_ns = time.monotonic_ns()
            for user, give_up_ns in gone:
                if user.uid in left and now_ns < give_up_ns:
                    self._used.append((user, give_up_ns))
                else:
                    self._free.append(user)
            self._used.extend(alive)


def _clean(users: Sequence[SlotUser], folders: Sequence[SharedFolder]) -> set[int]:
    """Remove what users left, for one turn; return those of which more may be left."""
    if not users:
        return set()
    for kind, (number, owners) in IPC_KINDS.items():
        for key, uid in _ipc_objects(kind, number, owners, {user.uid for user in users}):
            with suppress(OSError), EffectivelyAs(uid):
                _remove_ipc(kind, key)
    paths: dict[int, list[str]] = {user.uid: [] for user in users}
    for folder in folders:
        for path, uid in folder.left_by(paths):
            if len(paths[uid]) < MOST_PATHS:
                paths[uid].append(path)
    left = {uid for uid, found in paths.items() if len(found) == MOST_PATHS}
    until_ns = time.monotonic_ns() + TURN_NS
    for user in sorted(users, key=lambda user: len(paths[user.uid])):
        with user.acting:
            for path in paths[user.uid]:
                _remove(path, until_ns)
                if time.monotonic_ns() > until_ns:
                    left.add(user.uid)
                    break
            if not _is_home_removed(user, until_ns):
                left.add(user.uid)
    return left


def _is_home_removed(user: SlotUser, until_ns: int) -> bool:
    try:
        return user.home.renew(until_ns)
    except OSError:
        return False


def _remove(path: str, until_ns: int) -> None:
    try:
        os.unlink(path)
    except IsADirectoryError:
        # A name that no one knew before: another user may have made the next one already.
        remove_tree(path, aside=f"{path}-{os.urandom(8).hex()}", until_ns=until_ns)
    except OSError:
        return  # it is gone, or not this user's any more


def _ipc_objects(
    kind: str, number: int, owners: tuple[int, int], uids: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Yield the objects that those users own or made, each with that user."""
    try:
        with open(f"/proc/sysvipc/{kind}", "rb") as file:
            lines = file.read().splitlines()[1:]
    except OSError:  # a kernel without them
        return
    for fields in map(bytes.split, lines):
        for owner in owners:
            if int(fields[owner]) in uids:
                yield int(fields[number]), int(fields[owner])
                break


def _remove_ipc(kind: str, key: int) -> None:
    if kind == "sem":
        _libc.semctl(key, 0, IPC_RMID)
    elif kind == "shm":
        _libc.shmctl(key, IPC_RMID, None)
    else:
        _libc.msgctl(key, IPC_RMID, None)
