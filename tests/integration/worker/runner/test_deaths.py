"""When the agent or the runner dies, nothing it started outlives it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from punctual_worker.agent.runner_link.client import RunnerGoneError
from punctual_worker.runner.protocol.wire import LENGTHS, pack
from tests.integration.worker.runner.harness import NewStage, Stage, descendants, is_alive
from tests.support.eventually import eventually
from tests.support.processes import process_with_pipes

HIDING = "(env -i setsid sleep 600 >/dev/null 2>&1 &) ; "
STUBBORN = "trap '' TERM INT HUP; while :; do sleep 600; done"

AGENT = """
import sys, time
from pathlib import Path
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import Launch
client = RunnerClient.launch(work_dir=Path(sys.argv[1]))
client.extend_lease(time.monotonic_ns() + 600_000_000_000)
for key, command in enumerate(sys.argv[2:]):
    client.start(Launch(key=str(key), at_ns=0, argv=("/bin/sh", "-c", command), env={},
                        timeout_s=600, grace_s=600, end_grace_s=2, output_limit=1000))
print(client.pid, flush=True)
for events in client.events():
    for event in events:
        print(event.pid, flush=True)
"""


def test_when_the_agent_is_killed_everything_is_killed_at_once(tmp_path: Path) -> None:
    commands = ["sleep 600", STUBBORN, HIDING + STUBBORN]
    program = [sys.executable, "-c", AGENT, str(tmp_path), *commands]
    with process_with_pipes(program, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        pids = [int(agent.stdout.readline()) for _ in range(1 + len(commands))]
        eventually(lambda: len(descendants(pids[0])) >= 6)
        everybody = [pids[0], *descendants(pids[0])]
        assert all(map(is_alive, pids))

    eventually(lambda: not any(map(is_alive, everybody)))
    assert list(tmp_path.iterdir()) == []


def test_when_the_runner_is_killed_the_client_takes_down_what_it_left(stage: Stage) -> None:
    keys = [stage.start(command) for command in ("sleep 600", STUBBORN, HIDING + STUBBORN)]
    for key in keys:
        stage.started(key)
    eventually(lambda: len(descendants(stage.client.pid)) >= 6)
    everybody = descendants(stage.client.pid)

    os.kill(stage.client.pid, signal.SIGKILL)
    stage.wait_until_gone()
    assert not any(map(is_alive, everybody))
    assert not stage.client.alive
    with pytest.raises(RunnerGoneError):
        stage.start(":")


def test_when_both_are_killed_the_next_runner_takes_down_what_they_left(
    new_stage: NewStage, tmp_path: Path
) -> None:
    commands = ["sleep 600", HIDING + STUBBORN]
    program = [sys.executable, "-c", AGENT, str(tmp_path / "work"), *commands]
    with process_with_pipes(program, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        runner, *mains = [int(agent.stdout.readline()) for _ in range(1 + len(commands))]
        eventually(lambda: len(descendants(runner)) >= 4)
        everybody = descendants(runner)
        os.kill(agent.pid, signal.SIGSTOP)  # so that it cannot tidy up after the runner
        os.kill(runner, signal.SIGKILL)
    assert all(map(is_alive, mains))

    assert new_stage().run("exit 3").exit_code == 3
    assert not any(map(is_alive, everybody))


def test_runners_launched_together_leave_each_other_alone(new_stage: NewStage) -> None:
    stages = [new_stage() for _ in range(6)]
    for stage in stages:
        assert stage.run('test -d "$HOME"').exit_code == 0


def test_directories_of_a_killed_runner_are_removed_by_the_next(new_stage: NewStage) -> None:
    first = new_stage()
    folder = first.work_dir
    first.started(first.start("touch file; sleep 600"))
    os.kill(first.client.pid, signal.SIGKILL)
    first.close()
    [left] = folder.iterdir()

    other, second = new_stage(), new_stage()
    assert second.run('test -d "$HOME"').exit_code == 0
    eventually(lambda: not list(folder.glob(f"{left.name}*")))
    assert other.run('test -d "$HOME"').exit_code == 0
    other.close()
    second.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_only_the_agent_ends_a_runner(stage: Stage, number: signal.Signals) -> None:
    key = stage.start("sleep 600")
    stage.started(key)
    os.kill(stage.client.pid, number)
    assert stage.run("exit 3").exit_code == 3
    assert not stage.has_ended(key)


@pytest.mark.parametrize(
    "nonsense",
    [
        pack({"kind": "unheard of"}),
        pack({"kind": "start", "key": "without the rest"}),
        pack({"kind": "lease", "until_ns": "tomorrow"}),
        LENGTHS.pack(1 << 31, 0),
        LENGTHS.pack(3, 0) + b"[1]",
        LENGTHS.pack(3, 0) + b"{{{",
    ],
)
def test_an_agent_that_talks_nonsense_is_left(stage: Stage, nonsense: bytes) -> None:
    pid = stage.started(stage.start(STUBBORN)).pid
    stage.client._sock.sendall(nonsense)
    stage.wait_until_gone()
    assert not is_alive(pid)
    assert stage.client._process.returncode == 2
