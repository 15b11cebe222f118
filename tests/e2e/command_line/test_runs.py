"""Runs from the command line: started, awaited, read, stopped."""

import json
from pathlib import Path

import httpx
import pytest

from tests.e2e.command_line.program import CommandLine, interrupt
from tests.support.eventually import eventually


def add(punctual: CommandLine, name: str, command: str, *options: str) -> str:
    """Add a task without retries; return its id."""
    given = ("--retries", "0", *options, "--", command)
    return punctual.done("add", "-q", name, *given).strip()


@pytest.mark.parametrize(
    ("command", "options", "code", "outcome"),
    [
        ("true", [], 0, "succeeded"),
        ("exit 7", [], 7, "failed"),
        ("kill -TERM $$", [], 128 + 15, "failed"),
        ("sleep 60", ["--timeout", "0.2"], 124, "timed out"),
    ],
    ids=["succeeded", "failed", "signalled", "timed-out"],
)
def test_run_wait_ends_as_the_command_does(
    punctual: CommandLine, command: str, options: list[str], code: int, outcome: str
) -> None:
    add(punctual, "x", command, *options)
    done = punctual("run", "x", "--wait")
    assert done.code == code, done
    assert done.output.startswith(outcome)
    assert done.output.count("\n") == 1


def test_a_run_that_is_skipped_is_a_failure_with_its_reason(
    punctual: CommandLine, open_folder: Path
) -> None:
    gate = open_folder / "gate"
    add(punctual, "x", f"mkfifo {gate}; read -r _ < {gate}")
    first = punctual.done("run", "-q", "x").strip()
    eventually(gate.is_fifo)
    done = punctual("run", "x", "-w")
    assert (done.code, done.output.count(first)) == (1, 1)
    punctual.done("cancel", first)
    code, _, complaint = punctual("cancel", first)
    assert code == 5
    assert complaint == "This run has ended already: it is cancelled.\n"


def test_a_param_has_the_type_its_task_declares(punctual: CommandLine, api: httpx.Client) -> None:
    task = add(punctual, "x", 'echo "$PARAM_COUNT $PARAM_DAY"')
    params = [{"name": "count", "type": "integer"}, {"name": "day", "type": "string"}]
    changed = api.patch(f"/api/tasks/{task}/", json={"params": params})
    changed.raise_for_status()
    words = ("run", "x", "--param", "count=3", "--param", "day=2026", "-o", "json")
    assert json.loads(punctual.done(*words))["params"] == {"count": 3, "day": "2026"}
    code, _, complaint = punctual("run", "x", "--param", "count=many")
    assert code == 2
    assert complaint.startswith("/params/count: ")


def test_output_is_followed_while_it_is_written(punctual: CommandLine, open_folder: Path) -> None:
    gate = open_folder / "gate"
    add(punctual, "x", f"echo one; mkfifo {gate}; read -r _ < {gate}; echo two >&2; exit 3")
    run_id = punctual.done("run", "-q", "x").strip()
    process = punctual.start("logs", "-f", "x")
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    assert process.poll() is None
    with gate.open("w") as opened:
        opened.write("\n")
    output, complaint = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "two\n")
    assert complaint.startswith("failed after ")
    assert complaint.endswith("exit status 3\n")
    assert punctual.done("logs", run_id) == "one\ntwo\n"
    assert punctual.done("logs", "x", "--stream", "stderr") == "two\n"


def test_the_output_of_every_try_is_followed(punctual: CommandLine, api: httpx.Client) -> None:
    task = punctual.done("add", "-q", "x", "--retries", "1", "--", "echo $PUNCTUAL_ATTEMPT; exit 1")
    api.patch(f"/api/tasks/{task.strip()}/", json={"retry_delay": 0}).raise_for_status()
    code, output, _ = punctual("run", "x", "-f")
    assert (code, output) == (1, "1\n2\n")


def test_ctrl_c_leaves_the_run_going_and_says_how_to_reach_it(
    punctual: CommandLine, open_folder: Path
) -> None:
    gate = open_folder / "gate"
    add(punctual, "x", f"echo one; mkfifo {gate}; read -r _ < {gate}")
    process = punctual.start("run", "x", "-f")
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    code, _, complaint = interrupt(process)
    [run_id] = punctual.done("runs", "-q", "x").split()
    assert code == 130
    assert f"punctual cancel {run_id}" in complaint
    assert json.loads(punctual.done("runs", "x", "-o", "json"))[0]["state"] == "running"
    punctual.done("cancel", run_id)


def test_a_closed_pipe_ends_it_quietly(punctual: CommandLine) -> None:
    for number in range(3):
        add(punctual, f"x{number}", "true")
    process = punctual.start("ls")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), complaint) == (141, "")


def test_runs_are_listed_and_started_again(punctual: CommandLine) -> None:
    add(punctual, "x", "exit 3")
    punctual("run", "x", "-w")
    [row] = punctual.done("runs", "x").splitlines()
    run_id, state, *_, code, reason = row.split("\t")
    assert (state, code, reason) == ("failed", "3", "exit code 3")
    [row] = punctual.done("runs", "--since", "1h", "--state", "failed").splitlines()
    assert row.split("\t")[:3] == [run_id, "x", "failed"]
    assert punctual.done("runs", "--state", "lost") == ""
    again = punctual.done("retry", "-q", run_id).strip()
    eventually(lambda: set(punctual.done("runs", "-q", "x").split()) == {run_id, again})
    shown = punctual.on_terminal("runs", columns=110)
    assert run_id in shown.output
    assert "REASON" in shown.output


def test_logs_of_a_task_that_never_ran(punctual: CommandLine) -> None:
    add(punctual, "x", "true")
    code, _, complaint = punctual("logs", "x")
    assert (code, complaint) == (3, "'x' has not run yet: punctual run\n")


def test_now_runs_a_new_task(punctual: CommandLine) -> None:
    output = punctual.done("add", "x", "--now", "--", "echo", "hi  there")
    run_id = output.split()[-1]
    assert punctual.done("logs", "-f", run_id) == "hi  there\n"
