"""Removes trees in a thread: that can take seconds, and is all system calls.

Python lets the loop run during those.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.threads import start_thread


class Trash:
    """Trees to be removed, each by its owner where that is another user."""

    def __init__(self) -> None:
        self._trees: deque[tuple[str, int | None]] = deque()
        self._has_trees = threading.Event()
        self._has_janitor = False

    def add(self, path: str, *, owner: int | None = None) -> None:
        """Have a tree removed, acting as `owner`."""
        self._trees.append((path, owner))
        self._has_trees.set()
        if not self._has_janitor:
            self._has_janitor = start_thread(self._empty)

    def add_all_in(self, folder: str, *, owner: int) -> None:
        """Have everything in a folder removed that only `owner` enters, and cannot remove."""
        for path in _entries(folder, owner):
            self.add(path, owner=owner)

    def _empty(self) -> None:
        while True:
            self._has_trees.wait()
            self._has_trees.clear()
            while self._trees:
                path, owner = self._trees.popleft()
                if owner is None:
                    remove_tree(path)
                else:
                    with ActingAs(owner):
                        remove_tree(path)


def empty_folder(folder: str, *, owner: int) -> None:
    """Remove everything in a folder that only `owner` enters, now."""
    for path in _entries(folder, owner):
        with ActingAs(owner):
            remove_tree(path)


def _entries(folder: str, owner: int) -> list[str]:
    with suppress(OSError), ActingAs(owner):
        return [f"{folder}/{name}" for name in os.listdir(folder)]
    return []
