"""Whose process it is, by its user: no command can change that, or take another's."""

from __future__ import annotations

import os

from punctual_worker.runner.supervise.process_tag import ProcessTag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.host.slot_users import SlotUsers


class SlotTag(ProcessTag):
    """The marks of one runner whose slots have users of their own."""

    def __init__(self, launch: int, slot_users: SlotUsers) -> None:
        super().__init__(launch)
        self._serial_of = slot_users.serial_of

    def put_on_next(self, serial: int) -> None:
        """Do nothing: a user is the mark."""

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
