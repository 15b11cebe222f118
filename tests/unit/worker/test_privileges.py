"""Who a worker and its commands run as, as far as settings decide it."""

import os
import pwd
import subprocess
import sys
import time

import pytest

from punctual.ops.config import InvalidSetting
from punctual.ops.process_user import ProcessUser, account_of, command_account, unprivileged
from punctual_worker.runner.supervise.stale_processes import await_none_of

UNUSED_ID = 2**31 - 17


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ("", None),
        ("10002", ProcessUser(10002, 10002)),
        ("10002:7", ProcessUser(10002, 7)),
        ("nobody", ProcessUser(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)),
    ],
)
def test_a_user_is_a_name_or_numbers(given: str, account: ProcessUser | None) -> None:
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
def test_a_user_is_never_root_or_unknown(given: str, why: str) -> None:
    with pytest.raises(InvalidSetting, match=why):
        account_of("COMMAND_USER", given, euid=0)


def test_only_root_can_become_another_user() -> None:
    assert account_of("USER", "1000", euid=1000) == ProcessUser(1000, 1000)
    with pytest.raises(InvalidSetting, match="takes a worker that is started as root"):
        account_of("USER", "1000", euid=1001)


def test_processes_of_a_user_are_seen_by_every_user() -> None:
    soon = time.monotonic() + 0.05
    assert not await_none_of(os.geteuid(), until=soon)
    assert await_none_of(UNUSED_ID, until=soon)


def test_commands_are_root_only_where_that_is_named() -> None:
    assert command_account("root", agent=None, euid=0) is None
    assert command_account("", agent=None, euid=0) == unprivileged()
    assert unprivileged().uid != 0
    assert command_account("", agent=None, euid=1000) is None
    assert command_account("", agent=ProcessUser(7, 7), euid=0) == ProcessUser(7, 7)
    assert command_account("8", agent=ProcessUser(7, 7), euid=0) == ProcessUser(8, 8)


@pytest.mark.parametrize(
    ("given", "agent", "euid", "why"),
    [
        ("0", None, 0, "must not be 0: to run commands as root, write root"),
        ("0:0", None, 0, "must not be 0: to run commands as root, write root"),
        ("root", None, 1000, "start it as root and leave PUNCTUAL_USER out"),
        ("root", ProcessUser(7, 7), 0, "start it as root and leave PUNCTUAL_USER out"),
        ("10002", None, 1000, "takes a worker that is started as root"),
    ],
)
def test_a_user_of_commands_that_cannot_be_had_stops_the_start(
    given: str, agent: ProcessUser | None, euid: int, why: str
) -> None:
    with pytest.raises(InvalidSetting, match=why):
        command_account(given, agent=agent, euid=euid)


DUMPABLE = """
import ctypes, runpy, sys
program, sys.argv[1:] = sys.argv[1], sys.argv[2:]
try:
    runpy.run_module(program, run_name="__main__")
except SystemExit as end:
    print(end.code, ctypes.CDLL(None).prctl(3))  # PR_GET_DUMPABLE
"""


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("punctual_api", ()),
        ("punctual_coordinator", ()),
        ("punctual_worker", ()),
        ("punctual_devstack", ()),
        ("punctual", ("config",)),
    ],
)
def test_no_program_that_reads_secrets_can_be_looked_into(
    program: str, arguments: tuple[str, ...]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", DUMPABLE, program, *arguments],
        env={"PUNCTUAL_USER": "no-such-user-here", "PORT": "none", "PUNCTUAL_SLOTS": "none"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    code, dumpable = ended.stdout.split()
    assert (code in "12", dumpable) == (True, "0")
