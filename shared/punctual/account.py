"""Whom a program that was started as root becomes, and how."""

import ctypes
import os
import pwd
from dataclasses import dataclass

from punctual.config import PREFIX, InvalidSetting

PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, with one group and no other."""

    uid: int
    gid: int


def account_of(setting: str, given: str, *, euid: int) -> Account | None:
    """The user that `given` names: a name, `uid` or `uid:gid`; None when it is empty.

    Raises InvalidSetting for somebody unknown, for root, and when `euid`, who we are, could not
    become somebody else.
    """
    if not given:
        return None
    uid, _, gid = given.partition(":")
    if uid.isdecimal() and (gid.isdecimal() or not gid):
        account = Account(int(uid), int(gid or uid))
    else:
        try:
            found = pwd.getpwnam(given)
        except KeyError:
            raise InvalidSetting(f"{PREFIX}{setting}: no user {given!r} here") from None
        account = Account(found.pw_uid, found.pw_gid)
    if account.uid == 0:
        raise InvalidSetting(f"{PREFIX}{setting} must not be root")
    if euid not in (0, account.uid):
        raise InvalidSetting(f"{PREFIX}{setting} takes a worker that is started as root")
    return account


def become(account: Account | None) -> None:
    """Be `account` from now on, without a way back; what this process holds in memory is its own.

    With or without another account: nobody but root can read its environment or memory any more.
    """
    if account is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
