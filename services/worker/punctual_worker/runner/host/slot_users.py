"""The users of slots: the processes of a run are one of them, and of no other run at that time.

There are twice as many as slots: while what one run left is removed, the next run of its slot
starts as another one.
"""

from __future__ import annotations

import os
import time
from collections import deque

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.slot_cleaner import SlotCleaner
from punctual_worker.runner.host.slot_home import SlotHome
from punctual_worker.runner.supervise.user_processes import end_processes_of

FOLDER = "slots"
END_SECONDS = 5.0
UNUSED = 0  # in place of a serial number, which begin at 1


class SlotUser:
    """One user, its group of the same number, and its folder, which no other user enters."""

    __slots__ = ("acting", "home", "uid")

    def __init__(self, uid: int, root: str) -> None:
        self.uid = uid
        self.acting = ActingAs(uid)
        self.home = SlotHome(root, uid)


class SlotUsers:
    """Users with numbers in a row, and which attempt has each of them."""

    def __init__(self, first: int, count: int, runner_dir: str) -> None:
        """Make their folders; OSError when that is not possible."""
        self.uids = range(first, first + count)
        folder = _make_folders(runner_dir, self.uids)
        self._users = [SlotUser(uid, f"{folder}/{uid}") for uid in self.uids]
        self._serials = dict.fromkeys(self.uids, UNUSED)
        self._free: deque[SlotUser] = deque()
        self._cleaner = SlotCleaner(self._free, self.uids)

    def serial_of(self, uid: int) -> int | None:
        """Return whose processes are that user's, UNUSED for no attempt's; None for a stranger."""
        return self._serials.get(uid)

    def take(self, serial: int) -> SlotUser | None:
        """Give a user to an attempt; None while all are in use or are cleaned up after."""
        try:
            user = self._free.popleft()
        except IndexError:
            return None
        self._serials[user.uid] = serial
        return user

    def release(self, user: SlotUser) -> None:
        """Have a user used again once nothing of it is left: no process, file or shared memory."""
        self._serials[user.uid] = UNUSED  # what lives all the same is killed as a stray
        self._cleaner.add(user)

    def clear_up(self) -> None:
        """End and remove what a runner before this one left; only then is any user free.

        OSError when its processes cannot be ended.
        """
        if not end_processes_of(self.uids, until=time.monotonic() + END_SECONDS):
            raise OSError("processes of slot users cannot be ended")
        for user in self._users:
            self._cleaner.add(user)

    def close(self) -> None:
        """Remove what the users have, now, after the end of what still lives."""
        end_processes_of(self.uids, until=time.monotonic() + END_SECONDS)
        self._cleaner.clean_all(self._users)
        for user in self._users:
            user.home.remove_all()


def _make_folders(runner_dir: str, uids: range) -> str:
    """Make a folder of each user, by acting as it: this process needs no right to chown.

    While the folder around them is open to writing, the runner's own directory lets no one in.
    """
    folder = f"{runner_dir}/{FOLDER}"
    os.mkdir(folder, 0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o777)
        for uid in uids:
            with ActingAs(uid):
                os.mkdir(str(uid), 0o700, dir_fd=descriptor)
        os.fchmod(descriptor, 0o711)
        os.chmod(runner_dir, 0o711)
    finally:
        os.close(descriptor)
    return folder
