"""A command has ended when its main process has and its pipes are closed: nothing of it is lost."""

import gzip
import os
import signal
import sys
from pathlib import Path
from shlex import quote

import pytest

from tests.integration.worker.runner.harness import Stage, is_alive
from tests.support.eventually import eventually

BASH = ("/bin/bash",)
REPETITIONS = 10
NUMBERS = b"".join(b"%d\n" % i for i in range(1, 400_001))

# Output goes through a process that outlives the script by some moments.
STAMPED = """\
exec > >(while read -r l; do echo "$(date +%T) $l"; done)
sleep 0.1
echo hello
"""
LOGGED = """\
exec > >(tee -a LOG) 2>&1
sleep 0.3
for i in $(seq 50); do echo "line $i"; done
echo last
"""
BACKUP = "seq 400000 | tee >(gzip -9 > F) | wc -l\n"
BACKUP_APART = "seq 400000 | tee >(gzip -9 > F 2>/dev/null) | wc -l\n"

DEAF = "trap '' TERM INT HUP; echo $$ > $FIFO; while :; do sleep 600; done"
STAY = "echo $$ > $FIFO; exec sleep 600"


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return str(path)


def test_what_a_loop_reads_of_the_output_is_in_it(stage: Stage) -> None:
    keys = [stage.start(argv=BASH, file=STAMPED) for _ in range(REPETITIONS)]
    for ended in map(stage.ended, keys):
        assert ended.output.endswith(b" hello\n")
        assert (ended.exit_code, ended.left_behind) == (0, 0)


@pytest.mark.parametrize("way", ["script", "command"])
def test_what_tee_writes_is_whole_in_both_places(stage: Stage, tmp_path: Path, way: str) -> None:
    whole = "".join(f"line {i}\n" for i in range(1, 51)).encode() + b"last\n"
    for i in range(REPETITIONS):
        folder = tmp_path / f"{i}"
        folder.mkdir()
        if way == "script":
            ended = stage.run(argv=BASH, file=LOGGED, cwd=str(folder))
        else:
            ended = stage.run(argv=(*BASH, "-c", LOGGED), cwd=str(folder))
        assert ended.output == whole
        assert (folder / "LOG").read_bytes() == whole


@pytest.mark.parametrize("script", [BACKUP, BACKUP_APART], ids=["pipe open", "pipes closed"])
def test_a_compressed_copy_is_whole(stage: Stage, tmp_path: Path, script: str) -> None:
    for _ in range(REPETITIONS):
        ended = stage.run(argv=BASH, file=script, cwd=str(tmp_path))
        assert (ended.output, ended.exit_code, ended.left_behind) == (b"400000\n", 0, 0)
        assert gzip.decompress((tmp_path / "F").read_bytes()) == NUMBERS


def test_what_is_written_after_the_end_is_read_and_the_end_stays_the_commands(
    stage: Stage,
) -> None:
    clock = f"{sys.executable} -I -c 'import time; print(time.monotonic_ns())'"
    ended = stage.run(f"(sleep 1; {clock}) & echo before; exit 3", end_grace_s=60)
    before, after_ns = ended.output.split()
    assert (before, ended.exit_code, ended.left_behind) == (b"before", 3, 0)
    assert ended.ended_ns < int(after_ns)


def test_much_that_is_written_after_the_end_is_read_to_its_end(stage: Stage) -> None:
    ended = stage.run("(sleep 0.1; head -c 20000000 /dev/zero; echo last) & true")
    assert ended.output_bytes == 20_000_005
    assert ended.output.endswith(b"last\n")


def test_output_can_be_read_while_the_command_runs(stage: Stage) -> None:
    key = stage.start("(sleep 1.5) & echo before", end_grace_s=60)

    def so_far() -> bool:
        stage.client.request_output(key)
        return stage.so_far(key) == b"before\n"

    eventually(so_far)
    assert not stage.has_ended(key)
    assert stage.ended(key).output == b"before\n"


def test_a_child_that_keeps_the_pipes_ends_with_the_end_grace(stage: Stage, fifo: str) -> None:
    ended = stage.run(f"sh -c '{STAY}' & read pid < $FIFO; echo $pid", env={"FIFO": fifo})
    assert not is_alive(int(ended.output))
    assert (ended.exit_code, ended.signal, ended.stopped) == (0, None, None)
    assert (ended.left_behind, ended.error) == (1, None)


def test_one_in_the_background_is_counted(stage: Stage) -> None:
    ended = stage.run("nohup sleep 9999 & echo started", end_grace_s=0.1)
    assert ended.stream(1) == b"started\n"
    assert ended.left_behind == 1


def test_several_are_counted_wherever_they_went(stage: Stage, tmp_path: Path) -> None:
    tree = "setsid sh -c 'for i in 1 2 3; do setsid sleep 600 & echo >> out; done; wait' &"
    wait = "until [ $(wc -l < out) -eq 6 ]; do sleep .01; done"
    ended = stage.run(f"touch out; {tree} {tree} {wait}", cwd=str(tmp_path), end_grace_s=0.1)
    assert ended.left_behind == 8


def test_without_an_end_grace_what_is_left_is_asked_to_end_at_once(stage: Stage, fifo: str) -> None:
    answers = "trap 'echo asked; exit' TERM; echo > $FIFO; while :; do sleep .01; done"
    command = f"sh -c {quote(answers)} & read go < $FIFO"
    ended = stage.run(command, env={"FIFO": fifo}, end_grace_s=0)
    assert ended.stream(1) == b"asked\n"
    assert ended.left_behind >= 1
    assert stage.run("echo whole; exit 3", end_grace_s=0).output == b"whole\n"


def test_what_does_not_listen_is_killed(stage: Stage, fifo: str) -> None:
    command = f"setsid sh -c {quote(DEAF)} & read pid < $FIFO; echo $pid"
    ended = stage.run(command, env={"FIFO": fifo}, end_grace_s=0.1)
    assert not is_alive(int(ended.output))
    assert ended.left_behind >= 1


def test_a_stopped_one_is_woken_to_be_asked(stage: Stage, fifo: str) -> None:
    stopped = "trap 'echo asked; exit' TERM; (sleep .2; echo > $FIFO) & kill -STOP $$; sleep 60"
    command = f"sh -c {quote(stopped)} & read go < $FIFO"
    ended = stage.run(command, env={"FIFO": fifo}, end_grace_s=0.2)
    assert ended.stream(1) == b"asked\n"


def test_a_stop_cuts_the_wait_short_and_the_end_stays_as_it_was(stage: Stage, fifo: str) -> None:
    key = stage.start(
        f"sh -c '{STAY}' & read pid < $FIFO; echo $pid; exit 3",
        env={"FIFO": fifo},
        end_grace_s=60,
    )
    stage.started(key)
    eventually(lambda: stage.has_no_main_process(key))
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.exit_code, ended.left_behind) == (None, 3, 1)
    assert not is_alive(int(ended.output))


def test_stop_all_cuts_the_wait_short(stage: Stage) -> None:
    key = stage.start("sleep 600 &", end_grace_s=60)
    stage.started(key)
    eventually(lambda: stage.has_no_main_process(key))
    stage.client.stop_all("shutdown", 5)
    assert (stage.ended(key).stopped, stage.ended(key).exit_code) == (None, 0)


def test_a_lost_lease_ends_the_wait_at_once(stage: Stage, fifo: str) -> None:
    would_answer = "trap 'echo asked' TERM; echo $$ > $FIFO; while :; do sleep .01; done"
    command = f"sh -c {quote(would_answer)} & read pid < $FIFO; echo $pid"
    key = stage.start(command, env={"FIFO": fifo}, end_grace_s=60)
    eventually(lambda: stage.has_no_main_process(key))
    stage.client.extend_lease(None)
    ended = stage.ended(key)
    assert not is_alive(int(ended.output))
    assert (ended.stopped, ended.exit_code) == (None, 0)


def test_a_timeout_does_not_reach_a_command_that_has_ended(stage: Stage) -> None:
    ended = stage.run("(sleep 4; echo after) & echo before", timeout_s=3, end_grace_s=60)
    assert (ended.stopped, ended.exit_code, ended.output) == (None, 0, b"before\nafter\n")


def test_children_of_a_command_that_was_stopped_have_the_whole_grace(
    stage: Stage, tmp_path: Path
) -> None:
    # The shell ends by TERM at once; what it ran saves its work first.
    saves = "trap 'sleep 0.5; echo saved > saved; exit' TERM; touch $READY"
    command = f"bash -c {quote(f'{saves}; while :; do sleep .01; done')}; true"
    key = stage.start_ready(command, cwd=str(tmp_path), end_grace_s=0)
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.signal) == ("cancelled", signal.SIGTERM)
    assert (tmp_path / "saved").read_text() == "saved\n"
    assert ended.left_behind == 0


def test_children_of_a_command_that_was_stopped_are_killed_after_the_grace(
    stage: Stage, tmp_path: Path
) -> None:
    deaf = "trap '' TERM; echo $$ > pid; touch $READY; while :; do sleep 600; done"
    command = f"sh -c {quote(deaf)} & sleep 600"
    key = stage.start_ready(command, cwd=str(tmp_path), grace_s=0.3, end_grace_s=60)
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.signal) == ("cancelled", signal.SIGTERM)
    assert not is_alive(int((tmp_path / "pid").read_text()))
    assert ended.left_behind > 0


def test_limits_hold_while_it_ends(stage: Stage) -> None:
    many = "for i in $(seq 12); do sleep 600 & done; exec sleep 600"
    ended = stage.run(f"(sleep .2; {many}) & exit 0", limits={"processes": 8}, end_grace_s=60)
    assert (ended.stopped, ended.exit_code) == ("limit", 0)
    assert ended.limit == ("processes", 8)


def test_a_fork_bomb_left_behind_is_not_waited_for(stage: Stage) -> None:
    # It runs into the limit of its user's processes after ten thousand, should nothing stop it.
    bomb = "ulimit -u 10000; b() { b | b & }; b"
    ended = stage.run(argv=(*BASH, "-c", bomb), end_grace_s=60)
    assert ended.exit_code == 0
    assert ended.left_behind > 0


def test_many_that_flush_at_once_are_no_crowd(stage: Stage, tmp_path: Path) -> None:
    copies = " ".join(f">(sleep 0.3; cat > F{i})" for i in range(24))
    ended = stage.run(argv=BASH, file=f"echo kept | tee {copies} > /dev/null", cwd=str(tmp_path))
    assert ended.left_behind == 0
    assert {path.read_text() for path in tmp_path.glob("F*")} == {"kept\n"}
    assert len(list(tmp_path.glob("F*"))) == 24
