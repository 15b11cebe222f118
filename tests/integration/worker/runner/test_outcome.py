"""How a command ended, or why it never began."""

import os
import signal
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import Stage, in_seconds
from tests.integration.worker.runner.lifecycle_scenarios import it_cannot_be_killed
from tests.support.eventually import eventually


@pytest.mark.parametrize("code", [0, 1, 3, 126, 255])
def test_the_exit_code_is_the_commands(stage: Stage, code: int) -> None:
    ended = stage.run(f"exit {code}")
    assert (ended.exit_code, ended.signal) == (code, None)
    assert (ended.stopped, ended.error) == (None, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP])
def test_a_command_killed_by_a_signal_has_no_exit_code(stage: Stage, number: int) -> None:
    ended = stage.run(f"kill -{int(number)} $$")
    assert (ended.exit_code, ended.signal) == (None, number)
    assert ended.stopped is None


@pytest.mark.parametrize(
    "command",
    [
        "exec >&- 2>&-; sleep 0.1; exit 7",  # its pipes tell nothing of its end
        "exec >&- 2>&-; exit 7",
        "sleep 60 & exit 7",  # nor do these, which another process holds
        "sleep 0.1; exit 7",  # watched by a descriptor of its own by then
    ],
)
def test_an_end_is_noticed_whatever_becomes_of_the_pipes(stage: Stage, command: str) -> None:
    ended = stage.run(command)
    assert (ended.exit_code, ended.stopped, ended.error) == (7, None, None)


def test_a_missing_working_directory_is_named(stage: Stage) -> None:
    ended = stage.run("echo never", cwd="/no/such/place")
    assert ended.error == "working directory '/no/such/place': No such file or directory"
    assert (ended.started_ns, ended.exit_code, ended.output) == (None, None, b"")


def test_a_working_directory_that_is_a_file_is_an_error(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "Not a directory" in str(stage.run("echo never", cwd=str(file)).error)


def test_a_program_that_does_not_exist_is_an_error(stage: Stage) -> None:
    ended = stage.run(argv=("/no/such/program",))
    assert ended.error == "cannot start: No such file or directory"
    assert ended.started_ns is None


def test_more_environment_than_the_system_takes_is_an_error(stage: Stage) -> None:
    ended = stage.run(":", env={f"NAME_{i}": "x" * 100_000 for i in range(40)})
    assert ended.error == "cannot start: Argument list too long"


@pytest.mark.parametrize(
    "order",
    [
        {"command": "echo a\0b"},
        {"command": ":", "env": {"A=B": "c"}},
        {"command": ":", "env": {"A": "\0"}},
        {"command": "echo \ud800"},
        {"command": ":", "cwd": "/tmp\0"},
    ],
)
def test_text_no_program_can_be_given_is_an_error(stage: Stage, order: dict[str, str]) -> None:
    ended = stage.run(**order)
    assert ended.error
    assert ended.started_ns is None
    assert stage.run("exit 7").exit_code == 7


def test_a_home_directory_is_gone_after_the_end(stage: Stage) -> None:
    fill = "mkdir -p a/b; touch a/b/c; ln -s / link; chmod 0 a/b a"
    homes = [stage.run(f'printf "$HOME"; {rest}').output for rest in (":", fill)]
    paths = [Path(os.fsdecode(home)) for home in homes]
    assert all(path.is_relative_to(stage.work_dir) for path in paths)
    eventually(lambda: not any(path.exists() for path in paths))
    assert Path("/etc").exists()


def test_the_home_of_a_command_that_could_not_be_killed_is_not_reused(
    stage: Stage, tmp_path: Path
) -> None:
    it_cannot_be_killed(stage, tmp_path)
    # That of the process that traces it is left.
    eventually(lambda: len([*stage.work_dir.glob("runner-*/*/home")]) == 1)


def test_what_a_command_leaves_above_its_home_is_gone_after_the_end(stage: Stage) -> None:
    found = stage.run('chmod 700 ..; touch ../left && printf "$HOME"')
    left = Path(os.fsdecode(found.stream(1))).parent / "left"
    assert left.is_relative_to(stage.work_dir)
    eventually(lambda: not left.parent.exists())


def test_a_runner_that_ends_leaves_no_directory(stage: Stage) -> None:
    stage.run("touch file")
    stage.started(stage.start("touch file; sleep 600"))
    stage.start(":", at_ns=in_seconds(600))
    stage.close()
    assert list(stage.work_dir.iterdir()) == []
