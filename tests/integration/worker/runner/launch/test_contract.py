"""Every way to start a command gives it what the `/bin/sh -c` of this machine gives it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.agent.runner_link.messages import EndedEvent
from punctual_worker.agent.work_dir import make_folder_of_slots
from tests.integration.worker.runner.harness import Stage, in_seconds
from tests.support.eventually import eventually
from tests.support.processes import free_slot_users

pytestmark = pytest.mark.usefixtures("dash")

OPTIONS = {
    "pre-started shell": {"direct_exec": False},
    "direct exec": {"prestarted_shells": False},
    "shell": {"direct_exec": False, "prestarted_shells": False},
}
AS_SLOT_USERS = ", as the user of a slot"
WAYS = [*OPTIONS, *(f"{name}{AS_SLOT_USERS}" for name in OPTIONS if os.geteuid() == 0)]
IGNORED_IN_BACKGROUND = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
# The C library leaves these ignored in what posix_spawn starts.
OF_THE_C_LIBRARY = 0b111 << 31
TRIES = 20
ENDED = "ended"

COMMANDS = {
    "words": """/usr/bin/printf '%s|' "a  b" 'c$d' e 'f'g""",
    "both streams": "echo out; echo err >&2",
    "a program's own error": "ls /nowhere",
    "a program that is not found": "no-such-program x",
    "a program that is not there": "/no/such/program x",
    "a file that is no program": "./letter x",
    "a directory": "./folder x",
    "a script": "./script a b",
    "a program in the working directory": "./linked a b",
    "a program in PATH": "linked a b",
    "an exit code": "exit 3",
    "a program's exit code": "grep -q nothing /dev/null",
    "a signal": "kill -9 $$",
    "a program's signal": """python3 -c 'import os; os.kill(os.getpid(), 15)'""",
    "its environment": "env",
    "its environment, seen by the shell": "export -p; echo $_; echo $HOME",
    "PWD for a program": "printenv PWD",
    "_ for a program": "printenv _",
    "PWD for the shell": 'echo "$PWD"; pwd; cd /; echo "$PWD $OLDPWD"',
    "its directory": "/bin/pwd",
    "its descriptors": "ls /proc/self/fd",
    "the shell's descriptors": "ls /proc/$$/fd; :",
    "where its input is from": "readlink /proc/self/fd/0",
    "its input": "wc -c",
    "its umask": "grep Umask /proc/self/status",
    "the shell's umask": "umask; umask -S",
    "its limits": "grep -v -e 'realtime timeout' -e msgqueue /proc/self/limits",
    "its name": "cat /proc/self/cmdline",
    "its group and session": (
        """python3 -c 'import os; print(os.getpid() == os.getsid(0) == os.getpgid(0))'"""
    ),
    "traps": "trap 'echo TERM; exit 4' TERM; trap 'echo bye' EXIT; kill $$; echo no",
    "a broken pipe": "yes | head -1; echo $?",
    "what it knows of itself": 'echo "$0" "$#" "$@" "$-" "$?" "$LINENO"',
    "a line number later": "\n\necho $LINENO; no-such-builtin",
    "set -e": "set -e\nfalse\necho two",
    "a here-document": "cat <<EOF\none $((1 + 1))\nEOF",
    "an error of syntax": "echo one; if",
    "an error of syntax later": "echo one\nif",
    "nothing": "",
    "a comment": "# nothing",
}
# These end a shell before it comes to its gate.
NEVER_AT_A_GATE = {"an error of syntax"}
# dash runs the last program as its child, and reports how a signal ended it. Started without a
# shell, the program is what it is behind `exec`: the main process itself.
SHOWS_THE_MAIN_PROCESS = {"a program's signal", "its group and session"}


class Outcome(NamedTuple):
    exit_code: int | None
    signal: int | None
    stdout: list[bytes]
    stderr: bytes


class Place(NamedTuple):
    """Where all of these commands run, and with what."""

    directory: Path
    env: dict[str, str]

    def by_sh(self, command: str, stage: Stage) -> Outcome:
        """Run it by the authority, as a user without rights where the stage's commands are one."""
        users = stage.slot_users
        uid = None if users is None else users.after(1).first
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=self.env,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
            umask=0o022,
            check=False,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
        code = done.returncode
        return _outcome(
            code if code >= 0 else None, -code if code < 0 else None, done.stdout, done.stderr
        )

    def by_runner(self, stage: Stage, command: str, at_ns: int = 0) -> str:
        return stage.start(command, env=self.env, cwd=str(self.directory), at_ns=at_ns)


def _outcome(code: int | None, number: int | None, stdout: bytes, stderr: bytes) -> Outcome:
    # A shell passes its variables on in an order of its own.
    return Outcome(code, number, sorted(stdout.splitlines()), stderr)


def _of_event(ended: EndedEvent) -> Outcome:
    assert (ended.error, ended.stopped) == (None, None)
    return _outcome(ended.exit_code, ended.signal, ended.stream(1), ended.stream(2))


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    directory = reachable_temporary("punctual-contract-")
    (directory / "letter").write_text("hello")
    (directory / "letter").chmod(0o644)
    (directory / "folder").mkdir()
    (directory / "script").write_text('echo "$0 $# $1"; exit 3\n')
    (directory / "script").chmod(0o755)
    (directory / "linked").symlink_to("/usr/bin/printf")
    env = {
        "PATH": f"/no/where:{directory}:/usr/bin:/bin",
        "HOME": "/",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "USER": "someone",
        "LOGNAME": "someone",
        "SHELL": "/bin/sh",
        "PYTHONUNBUFFERED": "1",
        "OLDPWD": "/x",
        "GREETING": "grüß gott=",
        "EMPTY": "",
    }
    yield Place(directory, env)
    shutil.rmtree(directory)


@pytest.fixture(scope="module", params=WAYS)
def way(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[str, Stage]]:
    """A runner that has this way to start a command and, to fall back on, the shell."""
    name: str = request.param.removesuffix(AS_SLOT_USERS)
    folder = reachable_temporary("punctual-contract-")
    users = free_slot_users(4) if request.param != name else None
    if users is not None:
        make_folder_of_slots(folder / "work", users)
    stage = Stage(folder / "work", slot_users=users, **OPTIONS[name])
    yield name, stage
    stage.close()
    shutil.rmtree(folder)


def _ended(name: str, stage: Stage, place: Place, command: str, *, at_gate: bool) -> EndedEvent:
    if name != "pre-started shell":
        return stage.ended(place.by_runner(stage, command))
    for _ in range(TRIES):
        key = place.by_runner(stage, command, in_seconds(0.3))
        gates = eventually(partial(_gates_or_end, stage, key))
        ended = stage.ended(key)
        if gates[0] != ENDED or not at_gate:
            return ended
    raise AssertionError("this machine never started a shell ahead")


def _gates_or_end(stage: Stage, key: str) -> list[str]:
    gates = [gate.name for gate in stage.work_dir.rglob("gate-*")]
    return gates or ([ENDED] if stage.has_ended(key) else [])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_finds_what_sh_gives_it(way: tuple[str, Stage], place: Place, name: str) -> None:
    command = COMMANDS[name]
    has_no_shell = way[0] == "direct exec" and name in SHOWS_THE_MAIN_PROCESS
    ended = _ended(*way, place, command, at_gate=name not in NEVER_AT_A_GATE)
    assert _of_event(ended) == place.by_sh(f"exec {command}" if has_no_shell else command, way[1])


@pytest.fixture
def signals_end_programs() -> Iterator[None]:
    """Signals as they are by default, also where nohup or `&` of a script starts these tests."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in IGNORED_IN_BACKGROUND}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_end_programs")
@pytest.mark.parametrize("field", ["SigBlk", "SigIgn", "SigCgt"])
def test_signals_are_as_sh_leaves_them(way: tuple[str, Stage], place: Place, field: str) -> None:
    command = f"grep {field} /proc/self/status"

    def mask(outcome: Outcome) -> int:
        return int(outcome.stdout[0].split()[1], 16) & ~OF_THE_C_LIBRARY

    found = _of_event(_ended(*way, place, command, at_gate=True))
    assert mask(found) == mask(place.by_sh(command, way[1]))
