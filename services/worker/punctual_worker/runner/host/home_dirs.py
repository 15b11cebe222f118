"""Home directories: an empty one for each attempt, removed after its end with all that is in it.

Each is the only entry of a directory that is closed to writing. Commands run as the user that owns
that directory, so this stops a mistake (`tar` with `..`), not an intent. What an attempt leaves
there is removed too.
"""

from __future__ import annotations

import os

from punctual_worker.runner.host.attempt_files import AttemptFiles
from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.trash import Trash
from punctual_worker.runner.host.unused_homes import UnusedHomes, make_home

# This many directories are made in one folder, then in the next: renaming among few takes a third
# of the time that it takes among hundreds.
HOMES_PER_FOLDER, FOLDERS = 32, 128


class HomeDirs(AttemptFiles):
    """The homes, files and gates of attempts, in one directory of the runner."""

    def __init__(self, root: str, trash: Trash) -> None:
        super().__init__(root)
        self._trash = trash
        self._unused = UnusedHomes((os.geteuid(), os.getegid()))
        self._made = 0

    def make(self, serial: int) -> str:
        """Return the path of a fresh empty directory; OSError when there is no room for one."""
        return self._unused.take(serial) or self._make(serial)

    def discard(self, home: str) -> None:
        """Keep a home for another attempt if it is as it was made, and else remove it."""
        if not self._unused.put(home):
            self.discard_in_use(home)

    def discard_in_use(self, home: str) -> None:
        """Remove a home in a thread."""
        self._trash.add(os.path.dirname(home))

    def remove_all(self) -> None:
        """Remove every directory of these attempts, now."""
        remove_tree(self.root)

    def _make(self, serial: int) -> str:
        number = self._made // HOMES_PER_FOLDER % FOLDERS
        self._made += 1
        folder = f"{self.root}/more-{number}" if number else self.root
        path = f"{folder}/{serial}"
        try:
            os.mkdir(path, 0o700)
        except FileNotFoundError:  # its first home, or a command removed more than its own
            os.mkdir(folder, 0o700)
            os.mkdir(path, 0o700)
        try:
            return make_home(path)
        except OSError:
            self._trash.add(path)
            raise
