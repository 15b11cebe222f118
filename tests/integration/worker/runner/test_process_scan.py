"""A run's processes end with it, wherever they went."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import NewStage, Stage, descendants, is_alive
from tests.support.eventually import eventually

# What each of these leaves behind writes its number to the FIFO, and then stays.
STAY = "echo $$ > $FIFO; exec sleep 600"
PYTHON = shlex.quote(sys.executable)
OWN_GROUP = (
    f"{PYTHON} -I -c 'import os, sys; os.setpgid(0, 0); "
    'os.execl("/bin/sh", "sh", "-c", sys.argv[1])\''
)
WAYS = {
    "plainly, holding the output open": f"sh -c '{STAY}' &",
    "with nohup": f"nohup sh -c '{STAY}' >/dev/null 2>&1 &",
    "in a session of its own": f"setsid sh -c '{STAY}' >/dev/null 2>&1 &",
    "in a group of its own": f"{OWN_GROUP} '{STAY}' &",
    "in a group of its own, with an empty environment": (
        f"env -i FIFO=\"$FIFO\" {OWN_GROUP} '{STAY}' &"
    ),
    "deaf to all that can be": f"setsid sh -c 'trap \"\" TERM INT HUP; {STAY}' &",
    "twice forked": f"(setsid sh -c '{STAY}' >/dev/null 2>&1 &) &",
    "twice forked, without environment": (
        f"(env -i FIFO=\"$FIFO\" setsid sh -c '{STAY}' </dev/null >/dev/null 2>&1 &) &"
    ),
    "stopped": "sh -c 'echo $$ > $FIFO; kill -STOP $$' &",
}


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return str(path)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_nothing_is_alive_when_the_end_is_reported(stage: Stage, fifo: str, way: str) -> None:
    command = f"{way}\nread pid < $FIFO; echo $pid; exit 3"
    ended = stage.run(command, env={"FIFO": fifo}, end_grace_s=0.1)
    assert ended.exit_code == 3
    assert not is_alive(int(ended.stream(1)))


UNMARKED = """#!/bin/sh
exec {python} -I -c 'import os, resource, sys
resource.setrlimit(15, (1_000_000, 1_000_000))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])' "$@"
"""
FOUND_WITHOUT_MARKS = [way for name, way in WAYS.items() if "without environment" not in name]


@pytest.mark.parametrize("way", FOUND_WITHOUT_MARKS)
def test_where_marks_are_not_allowed_session_and_environment_tell(
    new_stage: NewStage, tmp_path: Path, fifo: str, way: str
) -> None:
    python = tmp_path / "python"
    python.write_text(UNMARKED.format(python=PYTHON))
    python.chmod(0o755)
    stage = new_stage(python=str(python))
    neighbours = [stage.start("sleep 600", env={"PUNCTUAL_RUN_ID": f"{i}"}) for i in range(3)]
    pids = [stage.started(key).pid for key in neighbours]
    env = {"FIFO": fifo, "PUNCTUAL_RUN_ID": "3", "PUNCTUAL_ATTEMPT": "1"}
    ended = stage.run(f"{way}\nread pid < $FIFO; echo $pid", env=env, end_grace_s=0.1)
    assert not is_alive(int(ended.stream(1)))
    assert all(map(is_alive, pids))


def test_what_it_left_does_not_delay_the_end_of_another(stage: Stage, fifo: str) -> None:
    neighbour = stage.start("sleep 600")
    pid = stage.started(neighbour).pid
    way = WAYS["twice forked, without environment"]
    stage.run(f"{way}\nread pid < $FIFO", env={"FIFO": fifo})
    assert is_alive(pid)
    assert not stage.has_ended(neighbour)


def test_a_tree_of_them_is_taken_down_whole(stage: Stage, tmp_path: Path) -> None:
    tree = "setsid sh -c 'for i in 1 2 3 4; do setsid sleep 600 & echo $! >> out; done; wait' &"
    wait = "until [ $(wc -l < out) -eq 12 ]; do sleep .01; done"
    ended = stage.run(f"touch out; {tree} {tree} {tree} {wait}", cwd=str(tmp_path))
    pids = [int(line) for line in (tmp_path / "out").read_text().split()]
    assert ended.exit_code == 0
    assert len(pids) == 12
    assert not any(map(is_alive, pids))


def test_orphans_that_end_by_themselves_are_reaped(stage: Stage) -> None:
    key = stage.start("for i in 1 2 3 4 5; do (setsid true &); done; exec sleep 600")
    stage.started(key)
    runner = stage.client.pid
    eventually(lambda: descendants(runner) == [stage.started(key).pid])


# A process that undoes the mark on purpose, in a session of its own and without environment.
HIDER = """
import os, resource, sys
resource.setrlimit(15, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.setsid()
if os.fork() == 0:
    with open(sys.argv[1], "w") as fifo:
        print(os.getpid(), file=fifo)
    os.execve("/bin/sleep", ["sleep", "600"], {})
"""


def hide(fifo: str) -> str:
    python = f"{PYTHON} -I -c '{HIDER}' {fifo} >/dev/null 2>&1"
    return f"({python} &) & read pid < {fifo}; echo $pid"


def test_a_hidden_process_is_killed_once_no_running_attempt_may_own_it(
    stage: Stage, fifo: str
) -> None:
    neighbour = stage.start("sleep 600")
    stage.started(neighbour)
    hidden = int(stage.run(hide(fifo)).output)

    assert is_alive(hidden)  # it might be the neighbour's
    stage.client.stop(neighbour, "cancelled")
    stage.ended(neighbour)
    assert not is_alive(hidden)


def test_one_that_hid_is_gone_with_a_lone_attempt(stage: Stage, fifo: str) -> None:
    assert not is_alive(int(stage.run(hide(fifo)).output))
