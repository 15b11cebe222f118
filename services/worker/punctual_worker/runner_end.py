"""Ends a runner that was told to leave, and what it could not end itself."""

import os
import subprocess
import time

from punctual.account import Account
from punctual_worker.runner.leftovers import await_none_of, kill_leftovers

# What a runner may take to kill what runs and tidy up, before it is killed itself.
LEAVE_SECONDS = 8.0


def end_runner(process: subprocess.Popen[bytes], *, launch: int, account: Account | None) -> bool:
    """Wait for its end, or force it; False when commands of it may live on that we cannot end.

    `account` is whom it runs as, None when that is who we are.
    """
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        try:
            process.kill()
        except PermissionError:  # it runs as somebody else
            return False
        process.wait()
    until = time.monotonic() + LEAVE_SECONDS
    kill_leftovers(launch, until=until)
    # A runner that ended by itself has killed all it started. After one that was killed we can
    # end its commands where they run as we do, and else only see whether they have ended.
    if process.returncode >= 0 or account is None or account.uid == os.geteuid():
        return True
    return await_none_of(account.uid, until=until)
