"""Home directories: an empty one for each attempt, removed after its end with all that is in it.

Each is the only entry of a directory that is closed to writing. Commands run as the user that owns
that directory, so this stops a mistake (`tar` with `..`), not an intent. What an attempt leaves
there is removed too.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.trash import Trash, empty_folder
from punctual_worker.runner.host.unused_homes import UnusedHomes, attributes_of, make_home

# This many directories are made in one folder, then in the next: renaming among few takes a third
# of the time that it takes among hundreds.
HOMES_PER_FOLDER, FOLDERS = 32, 128
OF_OWNERS = ("user.", "system.posix_acl_")
"""How extended attributes begin that a file's owner may set."""


class HomeDirs:
    """The homes, files and gates of attempts, in one directory of the runner.

    Those of a slot's user (`owner`) are made by acting as that user.
    """

    def __init__(self, root: str, trash: Trash, *, owner: int | None = None) -> None:
        self._root = root
        self._trash = trash
        self._owner = owner
        ids = (os.geteuid(), os.getegid()) if owner is None else (owner, owner)
        self._unused = UnusedHomes(ids)
        self._made = 0

    def make(self, serial: int) -> str:
        """Return the path of a fresh empty directory; OSError when there is no room for one."""
        return self._unused.take(serial) or self._make(serial)

    def write(self, serial: int, content: bytes) -> str:
        """Return the path of a file that only its owner reads; OSError when there is no room."""
        path = os.path.join(self._root, f"{serial}.file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            os.unlink(path)
            raise
        return path

    def make_gate(self, serial: int) -> str:
        """Return the path of a FIFO, whose name may stand between single quotes."""
        path = os.path.join(self._root, f"gate-{serial}")
        if "'" in path:
            raise OSError(errno.EINVAL, "a quote in the work directory")
        os.mkfifo(path, 0o600)
        return path

    def discard(self, home: str) -> None:
        """Keep a home for another attempt if it is as it was made, and else remove it.

        One of a slot's user is left to make_anew(): the user could make it look like that.
        """
        if self._owner is None and not self._unused.put(home):
            self.remove_later(os.path.dirname(home))

    def remove_later(self, path: str) -> None:
        """Remove a tree in a thread."""
        self._trash.add(path, owner=self._owner)

    def remove_all(self) -> None:
        """Remove every directory of these attempts, now."""
        if self._owner is None:
            remove_tree(self._root)
        else:
            empty_folder(self._root, owner=self._owner)

    def make_anew(self, until_ns: int) -> bool:
        """Remove what a user has here and make a new home, acting as that user; False if not all.

        The next attempt must find nothing of the one before: no file, no directory that another
        process has open, and no access list of the folder that new files would get.
        """
        os.chmod(self._root, stat.S_IRWXU)
        for attribute in attributes_of(self._root):
            if attribute.startswith(OF_OWNERS):
                os.removexattr(self._root, attribute)
        os.chmod(self._root, stat.S_IRWXU)  # an access list had a part in it
        for name in os.listdir(self._root):
            remove_tree(f"{self._root}/{name}", until_ns=until_ns)
        if os.listdir(self._root):
            return False
        self._unused.forget()
        self._made += 1
        with suppress(OSError):  # without room, the next attempt fails with that
            directory = f"{self._root}/next-{self._made}"
            os.mkdir(directory, 0o700)
            make_home(directory)
            self._unused.add(directory)
        return True

    def _make(self, serial: int) -> str:
        # A user of a slot has one attempt at a time, and so few homes.
        number = 0 if self._owner is not None else self._made // HOMES_PER_FOLDER % FOLDERS
        self._made += 1
        folder = f"{self._root}/more-{number}" if number else self._root
        path = f"{folder}/{serial}"
        try:
            os.mkdir(path, 0o700)
        except FileNotFoundError:  # its first home, or a command removed more than its own
            os.mkdir(folder, 0o700)
            os.mkdir(path, 0o700)
        try:
            return make_home(path)
        except OSError:
            self.remove_later(path)
            raise
