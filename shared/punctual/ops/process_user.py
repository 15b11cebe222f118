"""The user that a program started as root becomes, and who may inspect a process."""

import ctypes
import os
import pwd
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from punctual.ops.config import PREFIX, InvalidSetting

PR_SET_DUMPABLE = 4
ROOT = "root"
OVERFLOW_ID = 65_534
"""What the kernel shows for users that it cannot name, so that none has this number."""


@dataclass(frozen=True, slots=True)
class ProcessUser:
    """A user of this machine, with one group and no other."""

    uid: int
    gid: int


def account_of(setting: str, given: str, *, euid: int) -> ProcessUser | None:
    """Return the user that `given` names: a name, `uid` or `uid:gid`; None when it is empty.

    Raises InvalidSetting for an unknown user, for root, and when `euid`, who we are, could not
    become another user.
    """
    if not given:
        return None
    uid, _, gid = given.partition(":")
    if uid.isdecimal() and (gid.isdecimal() or not gid):
        account = ProcessUser(int(uid), int(gid or uid))
    else:
        try:
            found = pwd.getpwnam(given)
        except KeyError:
            raise InvalidSetting(f"{PREFIX}{setting}: no user {given!r} here") from None
        account = ProcessUser(found.pw_uid, found.pw_gid)
    if account.uid == 0:
        raise InvalidSetting(f"{PREFIX}{setting} must not be root")
    if euid not in (0, account.uid):
        raise InvalidSetting(f"{PREFIX}{setting} takes a worker that is started as root")
    return account


def command_account(given: str, *, agent: ProcessUser | None, euid: int) -> ProcessUser | None:
    """Return the user of commands, None when it is ours; root only if `given` names it.

    `given` is PUNCTUAL_COMMAND_USER; empty means the agent's user, or where that is root the user
    that owns nothing. Raises InvalidSetting as account_of() does.
    """
    setting = "COMMAND_USER"
    if given == ROOT:
        if euid != 0 or agent is not None:
            raise InvalidSetting(
                f"{PREFIX}{setting}=root takes a worker that is root, and stays it: start it as "
                f"root and leave {PREFIX}USER out"
            )
        return None
    if given.partition(":")[0] == "0":
        raise InvalidSetting(
            f"{PREFIX}{setting} must not be 0: to run commands as root, write {ROOT}"
        )
    if not given and agent is None and euid == 0:
        return unprivileged()
    return account_of(setting, given, euid=euid) or agent


def unprivileged() -> ProcessUser:
    """Return the account of this machine that no file should belong to."""
    try:
        found = pwd.getpwnam("nobody")
    except KeyError:
        return ProcessUser(OVERFLOW_ID, OVERFLOW_ID)
    return ProcessUser(found.pw_uid, found.pw_gid)


def name_of(account: ProcessUser) -> str:
    """Return the user's name, or its number where it has none."""
    try:
        return pwd.getpwuid(account.uid).pw_name
    except KeyError:
        return str(account.uid)


def can_use(path: Path, account: ProcessUser | None, mode: int) -> bool:
    """Return whether the account has this access to the path, checked as that user."""
    if account is None or account.uid == os.geteuid():
        return os.access(path, mode)
    child = os.fork()  # as there is no way back
    if child == 0:
        try:
            become(account)
            os._exit(not os.access(path, mode))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def capabilities() -> frozenset[int]:
    """Return the numbers of the capabilities that this process may use."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapPrm:"):
                mask = int(line.split()[1], 16)
                return frozenset(number for number in range(64) if mask >> number & 1)
    return frozenset()


def become(account: ProcessUser | None) -> None:
    """Become `account` for good; only root can inspect the process then."""
    if account is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    forbid_inspection()


def forbid_inspection() -> None:
    """Close this process to all but root: its memory, environment and descriptors, and ptrace.

    Commands may run as the same user. What this process starts is open again after its exec.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
