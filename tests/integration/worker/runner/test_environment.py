"""What a command finds around itself: what it was given, and nothing of the runner's."""

import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import NewStage, Stage
from tests.support.command_environment import PRINT, defaults, environment
from tests.support.eventually import eventually

ENV = tuple(PRINT.split())


def test_the_environment_is_what_was_given_and_a_few_names_more(stage: Stage) -> None:
    given = {
        "PUNCTUAL_RUN_ID": "a run",
        "PUNCTUAL_ATTEMPT": "2",
        "GREETING": "grüß\ngott=",
        "EMPTY": "",
    }
    found = environment(stage.run(argv=ENV, env=given).output)

    home = found.pop("HOME")
    assert found == {**defaults(home), **given}
    assert Path(home).is_relative_to(stage.work_dir)


def test_what_the_task_sets_wins_over_the_defaults(stage: Stage) -> None:
    given = {"PATH": "/nowhere", "LANG": "de_DE", "HOME": "/root", "TMPDIR": "/var/tmp"}
    given |= {"USER": "me", "LOGNAME": "me", "SHELL": "/bin/bash", "PYTHONUNBUFFERED": ""}
    assert environment(stage.run(argv=ENV, env=given).output) == given


def test_path_and_language_of_the_worker_are_the_defaults(new_stage: NewStage) -> None:
    stage = new_stage(path="/usr/bin:/opt/tools", lang="it_IT.UTF-8")
    found = environment(stage.run(argv=ENV).output)
    assert (found["PATH"], found["LANG"]) == ("/usr/bin:/opt/tools", "it_IT.UTF-8")


def test_it_works_in_its_own_empty_home(stage: Stage) -> None:
    one, other = stage.run('pwd; ls -A; echo "$HOME"'), stage.run("pwd")
    where, home = one.output.decode().splitlines()
    assert where == home
    assert other.output.decode().strip() != where


def test_it_starts_in_its_working_directory(stage: Stage, tmp_path: Path) -> None:
    assert stage.run("pwd", cwd=str(tmp_path)).output.decode().strip() == str(tmp_path)


def test_its_temporary_directory_is_its_own_wherever_it_works(stage: Stage, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"HOME": str(elsewhere)}
    ended = stage.run('echo "$TMPDIR"; touch "$TMPDIR/x"', cwd=str(elsewhere), env=env)
    directory = Path(ended.output.decode().strip())
    assert directory.is_relative_to(stage.work_dir)
    assert list(elsewhere.iterdir()) == []
    eventually(lambda: not directory.exists())


def test_what_python_printed_is_there_when_it_hangs_and_is_killed(stage: Stage) -> None:
    hangs = "import time; print('one'); print('two'); time.sleep(600)"
    ended = stage.run(argv=(sys.executable, "-c", hangs), timeout_s=1)
    assert (ended.stopped, ended.output) == ("timeout", b"one\ntwo\n")


def test_no_descriptor_is_inherited_and_input_is_empty(stage: Stage) -> None:
    others = [stage.start("sleep 600") for _ in range(5)]
    for key in others:
        stage.started(key)
    assert stage.run("ls /proc/$$/fd; :").output == b"0\n1\n2\n"
    assert stage.run("wc -c").output.strip() == b"0"


@pytest.mark.parametrize("field", ["SigBlk", "SigIgn"])
def test_no_signal_is_blocked_or_ignored(stage: Stage, field: str) -> None:
    ended = stage.run(argv=("/bin/grep", field, "/proc/self/status"))
    found = int(ended.output.split()[1], 16)
    # 32 to 34 belong to the C library, whose posix_spawn leaves them ignored.
    assert found & ~(0b111 << 31) == 0


def test_it_leads_a_session_and_a_group_of_its_own(stage: Stage) -> None:
    ended = stage.run("echo $$; cut -d' ' -f 5,6 /proc/$$/stat; umask")
    pid, group_and_session, umask = ended.output.decode().splitlines()
    assert group_and_session == f"{pid} {pid}"
    assert umask == "0022"


def test_a_limit_the_runner_raised_for_itself_is_not_passed_on(new_stage: NewStage) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    stage = new_stage()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limits = stage.run("ulimit -Sn; ulimit -Hn").output.decode().split()
    assert limits == ["512", str(hard)]


def test_a_command_may_trap_signals_that_the_runner_ignores(stage: Stage) -> None:
    ended = stage.run("trap 'echo INT' INT; trap 'echo TERM; exit 4' TERM; kill -INT $$; kill $$")
    assert (ended.output, ended.exit_code) == (b"INT\nTERM\n", 4)


def test_setuid_programs_work_for_a_user_who_gave_no_rights_up(stage: Stage) -> None:
    line = "grep NoNewPrivs /proc/self/status"
    assert stage.run(line).output == subprocess.check_output(shlex.split(line))
