"""Whose process it is, by its user: no command can change that, or take another's."""

from __future__ import annotations

import os

from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.process_tag import ProcessTag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from punctual_worker.runner.host.slot_users import SlotUsers


class SlotTag(ProcessTag):
    """The marks of one runner whose slots have users of their own."""

    def __init__(self, launch: int, slot_users: SlotUsers) -> None:
        super().__init__(launch)
        self._serial_of = slot_users.serial_of
        self._pid_counter = PidCounter()
        self._newest = self._pid_counter.newest()
        # Users by process number. A number is given to another process only when the kernel comes
        # to it again, as it hands them out in turn.
        self._uids: dict[int, int] = {}

    @property
    def may_be_shed(self) -> bool:
        """Whether a process of an attempt can be without its mark."""
        return False

    def put_on_next(self, serial: int) -> None:
        """Do nothing: a user is the mark."""

    def reader(self) -> Callable[[int], int | None]:
        """Return read() for one look: it asks the kernel about each process once in its life.

        A process that is forked during the look may be missed, as always.
        """
        newest, uids = self._pid_counter.newest(), self._uids
        if newest < self._newest:
            uids.clear()
        else:
            for pid in range(self._newest + 1, newest + 1):
                uids.pop(pid, None)
        self._newest = newest

        def read(pid: int) -> int | None:
            uid = uids.get(pid) if pid <= newest else None
            if uid is None:
                try:
                    uid = uids[pid] = os.stat(f"/proc/{pid}").st_uid
                except OSError:
                    return None
            return self._serial_of(uid)

        return read

    def read(self, pid: int) -> int | None:
        """Return the serial number of the attempt that has the process's user.

        0 for a user that no attempt has, None for a process that is not ours.
        """
        try:
            # The owner of this directory is the process's user in effect, also of one that forbids
            # others to look into it.
            return self._serial_of(os.stat(f"/proc/{pid}").st_uid)
        except OSError:
            return None
