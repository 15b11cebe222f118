"""Clear up after runners of the same work directory that were killed.

The agent of such a runner may have been killed with it. Then what it started is still alive.
"""

from __future__ import annotations

import time

from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.host.runner_dir import RunnerDir
from punctual_worker.runner.supervise.stale_processes import kill_leftovers

KILL_SECONDS = 5.0  # what processes of one dead runner may take to be gone; mostly milliseconds


def clear_up_after_dead_runners(runner_dir: RunnerDir, home_dirs: HomeDirs) -> None:
    """Kill what dead runners left running, then remove their directories."""
    for path, launch in runner_dir.of_dead_runners():
        if launch is not None:
            kill_leftovers(launch, until=time.monotonic() + KILL_SECONDS)
        home_dirs.remove_later(path)
