"""Who a worker and its commands run as, as far as settings decide it."""

import os
import pwd
import subprocess
import sys
import time

import pytest

from punctual.account import Account, account_of
from punctual.config import InvalidSetting
from punctual_worker.runner.leftovers import await_none_of

NOBODY_HAS = 2**31 - 17


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ("", None),
        ("10002", Account(10002, 10002)),
        ("10002:7", Account(10002, 7)),
        ("nobody", Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)),
    ],
)
def test_a_user_is_a_name_or_numbers(given: str, account: Account | None) -> None:
    assert account_of("COMMAND_USER", given, euid=0) == account


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("0", "PUNCTUAL_COMMAND_USER must not be root"),
        ("root", "PUNCTUAL_COMMAND_USER must not be root"),
        ("0:1000", "PUNCTUAL_COMMAND_USER must not be root"),
        ("no-such-user-here", "PUNCTUAL_COMMAND_USER: no user 'no-such-user-here' here"),
        ("-1", "PUNCTUAL_COMMAND_USER: no user '-1' here"),
        ("10002:users", "PUNCTUAL_COMMAND_USER: no user '10002:users' here"),
    ],
)
def test_commands_never_become_root_or_nobody_known(given: str, why: str) -> None:
    with pytest.raises(InvalidSetting, match=why):
        account_of("COMMAND_USER", given, euid=0)


def test_only_root_can_become_somebody_else() -> None:
    assert account_of("USER", "1000", euid=1000) == Account(1000, 1000)
    with pytest.raises(InvalidSetting, match="takes a worker that is started as root"):
        account_of("USER", "1000", euid=1001)


def test_processes_of_a_user_are_seen_whoever_looks() -> None:
    soon = time.monotonic() + 0.05
    assert not await_none_of(os.geteuid(), until=soon)
    assert await_none_of(NOBODY_HAS, until=soon)


def test_nobody_looks_into_the_agent_whoever_it_is() -> None:
    asked = "import ctypes; from punctual.account import become; become(None);"
    told = subprocess.run(
        [sys.executable, "-c", f"{asked} print(ctypes.CDLL(None).prctl(3))"],  # PR_GET_DUMPABLE
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "0\n"
