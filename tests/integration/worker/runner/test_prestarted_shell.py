"""A pre-started shell does what it would have done, and nothing of it before its instant."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import (
    NewStage,
    Stage,
    descendants,
    in_seconds,
    is_alive,
    wait_until,
)
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("dash")


SAME = {
    "its own names": 'echo "$0" "$#" "$@" "$-" "$?" "$LINENO" "$_"',
    "its variables": "set | sed '/^PPID=/d; s,/[0-9]*/home.$,,'",
    "its descriptors": "ls /proc/$$/fd; :",
    "its limits": "ulimit -a; ulimit -Ha",
    "its group, session and mask": "cut -d' ' -f 5,6 /proc/$$/stat | sed s/$$/own/g; umask",
    "its input": "wc -c; read line; echo $?",
    "set -e": "set -e; echo one; false; echo two",
    "set -e on the next line": "set -e\nfalse\necho two",
    "an exit code": "exit 3",
    "a program's exit code": "grep -q nothing /dev/null",
    "a last program takes its place": 'grep -c "^PPid:.*[^0-9]$PPID$" /proc/self/status',
    "the same for exec": 'exec grep -c "^PPid:.*[^0-9]$PPID$" /proc/self/status',
    "a signal": "kill -9 $$",
    "a trap": "trap 'echo TERM; exit 4' TERM; trap 'echo bye' EXIT; kill $$; echo no",
    "a here-document": "cat <<EOF; echo $LINENO\none $((1 + 1))\nEOF\necho $LINENO",
    "a comment first": "# what\necho $LINENO",
    "blank lines first": "\n \n\techo $LINENO",
    "a redirection first": "2>&1 ls /nowhere",
    "a negation": "! true",
    "a group": "{ echo a; (exit 5); }",
    "a function": 'f() { echo "$1"; return 6; }; f x',
    "an alias": "alias say=echo\nsay hi",
    "a background job": "sleep 0.05 & wait $!; echo $?",
    "a line that goes on": "\\\necho a \\\n b",
    "no such program": "/no/such/program",
    "an error of syntax": "echo one; if",
    "an error of syntax later": "echo one\nif",
    "a quote without end": "echo 'one",
    "a semicolon first": ";echo one",
    "a parenthesis first": ")",
    "bytes": "printf 'gr\u00fc\u00df \\377'; echo '\u00e4'",
}
MARGIN_NS = 150_000_000
# What cannot be parsed ends its shell before the instant.
UNPARSED = {"an error of syntax", "a quote without end", "a semicolon first", "a parenthesis first"}


@pytest.mark.parametrize(("name", "command"), SAME.items(), ids=SAME.keys())
def test_a_held_shell_does_the_same(stage: Stage, name: str, command: str) -> None:
    plain = stage.run(command)
    at_ns = in_seconds(0.4)
    key = stage.start(command, at_ns=at_ns)
    if name not in UNPARSED:
        shells = eventually(lambda: descendants(stage.client.pid))
        assert time.monotonic_ns() < at_ns
        assert len(shells) == 1
    ended = stage.ended(key)
    assert (ended.exit_code, ended.signal, ended.output) == (
        plain.exit_code,
        plain.signal,
        plain.output,
    )
    assert ended.started_ns is not None
    assert ended.started_ns >= at_ns


def prestart(stage: Stage, proof: Path) -> tuple[str, int]:
    """Pre-start a shell that would leave a file as proof; answers its key and number.

    It waits for a quarter of a second: where the machine was busy elsewhere, another one is.
    """
    for _ in range(20):
        at_ns = in_seconds(0.5)
        key = stage.start(f"touch {proof}", at_ns=at_ns)
        shells = _shells_of(stage, key)
        gates = [*stage.work_dir.glob("*/gate-*")]
        if len(shells) == len(gates) == 1 and time.monotonic_ns() < at_ns - MARGIN_NS:
            return key, shells[0]
        assert stage.ended(key).exit_code == 0
        proof.unlink()
    raise AssertionError("this machine never got to see a pre-started shell in time")


def _shells_of(stage: Stage, key: str) -> list[int]:
    def seen() -> list[list[int]]:
        found = descendants(stage.client.pid)
        return [found] if found or stage.has_ended(key) else []

    return eventually(seen)[0]


def nothing_happened(stage: Stage, proof: Path, pid: int) -> bool:
    wait_until(in_seconds(0.6))
    # What a killed runner left is tidied up by the next one, a little later.
    eventually(lambda: not is_alive(pid) and not [*stage.work_dir.glob("*/gate-*")])
    return not proof.exists()


def test_one_that_is_cancelled_never_starts(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    key, pid = prestart(stage, proof)
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.started_ns, ended.exit_code, ended.signal) == (None, None, None)
    assert (ended.stopped, ended.error, ended.output) == ("cancelled", None, b"")
    assert nothing_happened(stage, proof, pid)


def test_one_whose_lease_is_lost_never_starts(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    key, pid = prestart(stage, proof)
    stage.client.extend_lease(None)
    ended = stage.ended(key)
    assert (ended.started_ns, ended.stopped) == (None, "lease")
    assert nothing_happened(stage, proof, pid)


def test_one_never_starts_whose_agent_is_gone(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    _, pid = prestart(stage, proof)
    stage.close()
    assert nothing_happened(stage, proof, pid)


def test_one_never_starts_whose_runner_was_killed(new_stage: NewStage, tmp_path: Path) -> None:
    stage, proof = new_stage(), tmp_path / "proof"
    _, pid = prestart(stage, proof)
    os.kill(stage.client.pid, signal.SIGKILL)
    stage.wait_until_gone()
    new_stage().run()  # takes over what the dead one left
    assert nothing_happened(stage, proof, pid)


def test_one_that_dies_at_its_gate_is_started_on_its_instant(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    key, pid = prestart(stage, proof)
    os.kill(pid, signal.SIGKILL)
    ended = stage.ended(key)
    assert (ended.exit_code, ended.signal, ended.error) == (0, None, None)
    assert proof.exists()
    assert not [*stage.work_dir.glob("*/gate-*")]


def test_one_that_is_not_at_its_gate_is_started_all_the_same(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    key, pid = prestart(stage, proof)
    [gate] = stage.work_dir.glob("*/gate-*")
    gate.unlink()
    os.mkfifo(gate)  # the runner opens this one, and the shell waits at the other
    ended = stage.ended(key)
    assert (ended.exit_code, ended.signal) == (0, None)
    assert proof.exists()
    eventually(lambda: not is_alive(pid) and descendants(stage.client.pid) == [])


def test_one_that_is_stopped_at_its_gate_is_replaced(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    key, pid = prestart(stage, proof)
    os.kill(pid, signal.SIGSTOP)
    ended = stage.ended(key)
    assert (ended.exit_code, ended.signal) == (0, None)
    assert proof.exists()
    eventually(lambda: not is_alive(pid) and descendants(stage.client.pid) == [])
