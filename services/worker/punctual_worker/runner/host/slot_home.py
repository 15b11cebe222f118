"""The home of a slot's user: a new directory for each attempt, made by acting as that user.

What the user itself could make look like new is not used again, so the home is always another
inode: no process has it open, and it has no access list. The directory around it is used again, as
its entries are of that one name, its access list is removed, and no other user may search it.
Removing a directory is what costs most here, 75 to 100 microseconds on ext4.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from punctual_worker.runner.host.attempt_files import AttemptFiles
from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.trash import empty_folder
from punctual_worker.runner.host.unused_homes import NAME, attributes_of

AROUND = "run"
OF_OWNERS = ("user.", "system.posix_acl_")
"""How extended attributes begin that a file's owner may set."""


class SlotHome(AttemptFiles):
    """The home, file and gate of the one attempt that a slot's user has at a time."""

    def __init__(self, root: str, owner: int) -> None:
        """`root` is a directory that only `owner` enters."""
        super().__init__(root)
        self._owner = owner
        self._around = f"{root}/{AROUND}"
        self._home = f"{self._around}/{NAME}"
        self._is_new = False

    def make(self, serial: int) -> str:
        """Return the path of the new home; OSError when there was no room for one."""
        if not self._is_new:
            self._make_home()
        self._is_new = False
        return self._home

    def discard(self, home: str) -> None:
        """Leave it to renew()."""

    def discard_in_use(self, home: str) -> None:
        """Leave it to renew()."""

    def remove_all(self) -> None:
        """Remove everything of the user here, now."""
        empty_folder(self.root, owner=self._owner)

    def renew(self, until_ns: int) -> bool:
        """Remove what the user has here and make a new home, acting as that user; False if not all.

        The next attempt must find nothing of the one before: no file, no directory that another
        process has open, and no access list of a folder that new files would get.
        """
        _open(self.root)
        if not _remove_all_but(self.root, AROUND, until_ns):
            return False
        with suppress(FileNotFoundError):
            _open(self._around)
            with suppress(OSError):  # not empty, or not a directory
                os.rmdir(self._home)
            if not _remove_all_but(self._around, None, until_ns):
                return False
        with suppress(OSError):  # without room, the next attempt fails with that
            self._make_home()
        return True

    def _make_home(self) -> None:
        with suppress(FileExistsError):
            os.mkdir(self._around, stat.S_IRWXU)
        os.mkdir(self._home, stat.S_IRWXU)
        os.chmod(self._around, stat.S_IRUSR | stat.S_IXUSR)
        self._is_new = True


def _open(directory: str) -> None:
    """Give a directory the mode it was made with, and no attributes that its owner can set."""
    found = os.lstat(directory)
    if not stat.S_ISDIR(found.st_mode):
        os.unlink(directory)
        raise FileNotFoundError(directory)
    os.chmod(directory, stat.S_IRWXU)
    attributes = [name for name in attributes_of(directory) if name.startswith(OF_OWNERS)]
    for attribute in attributes:
        os.removexattr(directory, attribute)
    if attributes:
        os.chmod(directory, stat.S_IRWXU)  # an access list had a part in it


def _remove_all_but(directory: str, expected: str | None, until_ns: int) -> bool:
    """Remove every entry but one; return whether no other is left."""
    others = [name for name in os.listdir(directory) if name != expected]
    for name in others:
        remove_tree(f"{directory}/{name}", until_ns=until_ns)
    return not others or all(name == expected for name in os.listdir(directory))
