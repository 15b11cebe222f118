"""End a runner that was asked to stop, and the processes that it could not end itself."""

import os
import subprocess
import sys
import time

from punctual.ops.process_user import ProcessUser
from punctual.ops.slot_users import SlotUserRange
from punctual_worker.runner.supervise.stale_processes import await_none_of, kill_leftovers
from punctual_worker.runner.supervise.user_processes import end_processes_of

# What a runner may take to kill what runs and tidy up, before it is killed itself.
LEAVE_SECONDS = 8.0


def run_as(account: ProcessUser | None) -> tuple[str, ...]:
    """Return the options by which a program of the runner becomes `account`; none if it is us."""
    if account is None or account.uid == os.geteuid():
        return ()
    return ("--user", str(account.uid), "--group", str(account.gid))


def end_runner(
    process: subprocess.Popen[bytes],
    *,
    launch: int,
    account: ProcessUser | None,
    slot_users: SlotUserRange | None = None,
) -> bool:
    """Wait for its end, or force it; False when commands of it may live on that we cannot end.

    `account` is whom it runs as, None when that is who we are; its commands are `slot_users`, if
    there are any.
    """
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        try:
            process.kill()
        except PermissionError:  # it runs as another user
            return False
        process.wait()
    until = time.monotonic() + LEAVE_SECONDS
    if slot_users is not None:
        # As root we end what a runner that was killed left; as another user we only wait for it.
        return end_processes_of(slot_users.commands, until=until)
    ended = end_leftovers(launch, account=account)
    # A runner that ended by itself has killed all it started. After one that was killed we can
    # end its commands where they run as we do or we are root, and else only see whether they have.
    if process.returncode >= 0 or not run_as(account):
        return True
    if os.geteuid() == 0:
        return ended
    assert account is not None
    return await_none_of(account.uid, until=until)


def end_leftovers(launch: int, *, account: ProcessUser | None) -> bool:
    """Kill what that launch, as `account`, left running; True when none of it is left."""
    other = run_as(account)
    if other and os.geteuid() == 0:
        return _kill_leftovers_as(other, launch)
    return kill_leftovers(launch, until=time.monotonic() + LEAVE_SECONDS)


def _kill_leftovers_as(user: tuple[str, ...], launch: int) -> bool:
    """Kill them from a process of their user: marks of another one are hidden even from root."""
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-m", "punctual_worker.runner.supervise.stale_processes"),
            *("--launch", str(launch), "--seconds", str(LEAVE_SECONDS), *user),
        ],
        env={},
        check=False,
    )
    return done.returncode == 0
