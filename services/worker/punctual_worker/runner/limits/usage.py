"""What an attempt is using, as a thread counts it: its processes, its user and its home."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Usage:
    """An attempt with a limit that is counted in bytes.

    `uid` is the user that no other attempt has, None where attempts are one user.
    """

    __slots__ = ("home", "most", "pids", "serial", "uid")

    def __init__(
        self, serial: int, most: int, pids: Sequence[int], *, uid: int | None, home: str | None
    ) -> None:
        self.serial = serial
        self.most = most
        self.pids = pids
        self.uid = uid
        self.home = home
