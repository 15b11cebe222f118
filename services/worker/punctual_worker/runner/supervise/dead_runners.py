"""Clear up after runners of the same work directory that were killed.

The agent of such a runner may have been killed with it. Then what it started is still alive.
"""

from __future__ import annotations

import os
import time

from punctual_worker.runner.host.runner_dir import RunnerDir
from punctual_worker.runner.host.slot_users import FOLDER
from punctual_worker.runner.host.trash import Trash
from punctual_worker.runner.supervise.stale_processes import kill_leftovers

KILL_SECONDS = 5.0  # what processes of one dead runner may take to be gone; mostly milliseconds


def clear_up_after_dead_runners(runner_dir: RunnerDir, trash: Trash) -> None:
    """Kill what dead runners left running, then remove their directories."""
    for path, launch in runner_dir.of_dead_runners():
        if launch is not None:
            kill_leftovers(launch, until=time.monotonic() + KILL_SECONDS)
        for folder in _folders_of_slots(path):
            trash.add_all_in(folder, owner=os.stat(folder).st_uid)
        trash.add(path)


def _folders_of_slots(path: str) -> list[str]:
    """Return those that only a user of a slot enters; none where this process is no one else."""
    slots = f"{path}/{FOLDER}"
    try:
        return [f"{slots}/{name}" for name in os.listdir(slots)]
    except OSError:
        return []
