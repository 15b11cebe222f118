"""Which way a command is started, what happens when that fails, and what is left of it."""

import os
import resource
import time
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import (
    SECOND,
    NewStage,
    Stage,
    descendants,
    in_seconds,
    wait_until,
)
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("dash")

# The C library names each program that it starts on standard error.
TRACED = {"LD_DEBUG": "files"}
INITIALIZED = b"initialize program: "
SHELL = "/bin/sh"
TRUE = "/usr/bin/true"


def programs(stage: Stage, command: str, **order: object) -> list[str]:
    """The programs that a command was, one after the other in the same process."""
    ended = stage.ended(stage.start(command, env=TRACED, **order))  # type: ignore[arg-type]
    lines = ended.stream(2).splitlines()
    return [line.partition(INITIALIZED)[2].decode() for line in lines if INITIALIZED in line]


def test_a_plain_command_that_is_due_has_no_shell(stage: Stage) -> None:
    assert programs(stage, f"{TRUE} x") == [TRUE]


@pytest.mark.parametrize("command", [f"exec {TRUE}", f"{TRUE} $HOME", f"X=1 {TRUE}"])
def test_any_other_command_that_is_due_has_one(stage: Stage, command: str) -> None:
    assert programs(stage, command) == [SHELL, TRUE]


def test_a_plain_command_that_is_due_later_has_a_shell_ahead(stage: Stage) -> None:
    key = stage.start(f"{TRUE} x", env=TRACED, at_ns=in_seconds(0.5))
    assert eventually(lambda: [*stage.work_dir.glob("*/gate-*")] or stage.has_ended(key))
    error = stage.ended(key).stream(2)
    assert error.count(INITIALIZED) == 2
    assert INITIALIZED + SHELL.encode() in error


def test_with_direct_exec_off_every_command_has_a_shell(new_stage: NewStage) -> None:
    assert programs(new_stage(direct_exec=False), f"{TRUE} x") == [SHELL, TRUE]


def test_with_prestarted_shells_off_nothing_runs_before_the_instant(new_stage: NewStage) -> None:
    stage = new_stage(prestarted_shells=False)
    at_ns = in_seconds(0.5)
    keys = [stage.start(command, at_ns=at_ns) for command in (TRUE, "sleep 0; exit 3")]
    looks = 0
    while True:
        found = descendants(stage.client.pid), [*stage.work_dir.glob("*/gate-*")]
        if time.monotonic_ns() >= at_ns:  # what was found may have been started on its instant
            break
        assert found == ([], [])
        looks += 1
    assert looks
    assert [stage.ended(key).exit_code for key in keys] == [0, 3]
    assert all(stage.ended_start(key) >= at_ns for key in keys)


def test_what_cannot_be_read_as_a_program_falls_back_on_a_shell(stage: Stage) -> None:
    ended = stage.run("/no/such/program x")
    assert (ended.exit_code, ended.error) == (127, None)
    assert b"/no/such/program: not found" in ended.stream(2)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("/no/such/program",), "cannot start: No such file or directory"),
        (("/etc/passwd",), "cannot start: Permission denied"),
        (("/bin",), "cannot start: Permission denied"),
        (("/bin/true", "a\0b"), "embedded null byte"),
    ],
)
def test_what_can_never_start_says_why_and_is_not_tried_again(
    stage: Stage, argv: tuple[str, ...], error: str
) -> None:
    ended = stage.run(argv=argv)
    assert (ended.error, ended.permanent, ended.started_ns) == (error, True, None)
    assert _directories_are_empty(stage)


@pytest.mark.parametrize("command", ["exit 3", f"{TRUE} x"])
@pytest.mark.parametrize("seconds", [0, 0.4])
def test_a_missing_working_directory_is_named(
    stage: Stage, tmp_path: Path, command: str, seconds: float
) -> None:
    missing = str(tmp_path / "missing")
    ended = stage.run(command, cwd=missing, at_ns=in_seconds(seconds))
    assert ended.error == f"working directory {missing!r}: No such file or directory"
    assert (ended.permanent, ended.started_ns) == (True, None)
    assert _directories_are_empty(stage)


def _directories_are_empty(stage: Stage) -> bool:
    """Nothing but homes, which are used again, is left of attempts that ended."""
    return not [
        *stage.work_dir.glob("*/*.file"),
        *stage.work_dir.glob("*/gate-*"),
        *stage.work_dir.glob("*/*/home/*"),
    ]


class NoMemory:
    """Denies a runner more memory than it has, so that it can start no process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = resource.prlimit(pid, resource.RLIMIT_AS)

    def begin(self) -> None:
        size = int(Path(f"/proc/{self._pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(self._pid, resource.RLIMIT_AS, (size, self._before[1]))

    def end(self) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_AS, self._before)


@pytest.mark.parametrize("command", ["exit 0;", f"{TRUE} x"], ids=["shell", "direct exec"])
def test_a_shortage_that_passes_only_delays_a_start(stage: Stage, command: str) -> None:
    stage.run(command)  # has what a start needs, once
    shortage = NoMemory(stage.client.pid)
    shortage.begin()
    due = in_seconds(0)
    key = stage.start(command)
    wait_until(in_seconds(0.5))
    assert not stage.has_ended(key)
    shortage.end()
    ended = stage.ended(key)
    assert (ended.exit_code, ended.error) == (0, None)
    assert ended.started_ns is not None
    assert ended.started_ns > due + SECOND // 2


def test_what_a_command_left_in_its_home_outlasts_no_shortage(stage: Stage, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    key = stage.start(f'touch left; printf "$HOME"; read go < {fifo}')
    with fifo.open("w"):  # the home is dirty now, and no thread removed any so far
        shortage = NoMemory(stage.client.pid)
        shortage.begin()
    home = Path(os.fsdecode(stage.ended(key).stream(1)))
    assert home.exists()
    shortage.end()
    stage.run("touch left")
    assert eventually(lambda: not home.exists())


def test_a_shortage_that_lasts_is_an_error_which_the_next_attempt_may_not_meet(
    stage: Stage,
) -> None:
    stage.run("exit 0;")
    shortage = NoMemory(stage.client.pid)
    shortage.begin()
    due = in_seconds(0)
    ended = stage.run("exit 0;")
    shortage.end()
    assert (ended.error, ended.permanent) == ("cannot start: Cannot allocate memory", False)
    assert ended.ended_ns >= due + 5 * SECOND
    stage.client.kill()
    assert stage.client.has_not_launched("attempt-2")
