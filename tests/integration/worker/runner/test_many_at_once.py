"""Many at once."""

import shlex
import sys
from pathlib import Path

from tests.integration.worker.runner.harness import NewStage, Stage, in_seconds, is_alive


def test_two_hundred_run_side_by_side(stage: Stage) -> None:
    keys = [stage.start(argv=("/bin/sleep", "600")) for _ in range(200)]
    pids = [stage.started(key).pid for key in keys]
    assert all(map(is_alive, pids))
    assert stage.run("exit 3").exit_code == 3

    stage.client.stop_all("enough", 5)
    assert {stage.ended(key).stopped for key in keys} == {"enough"}
    assert not any(map(is_alive, pids))


def test_a_burst_of_one_instant_all_starts_and_all_ends(stage: Stage) -> None:
    at_ns = in_seconds(0.3)
    keys = [stage.start(f"echo {i}", at_ns=at_ns) for i in range(300)]
    ends = [stage.ended(key) for key in keys]
    assert [ended.output for ended in ends] == [b"%d\n" % i for i in range(300)]
    assert all(ended.started_ns is not None and ended.started_ns >= at_ns for ended in ends)


def test_an_order_does_not_queue_behind_a_burst(stage: Stage) -> None:
    at_ns = in_seconds(0.5)
    keys = [stage.start("echo", at_ns=at_ns) for _ in range(1_500)]
    stage.ended(keys[400])
    stage.client.stop(keys[-1], "cancelled")
    assert stage.ended(keys[-1]).started_ns is None
    assert not stage.has_ended(keys[-2])


def test_with_few_descriptors_the_rest_waits_for_its_turn(
    new_stage: NewStage, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -n 100\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    stage = new_stage(python=str(python))
    keys = [stage.start(f"until [ -e {gate} ]; do sleep 0.01; done; exit 3") for _ in range(60)]
    stage.started(keys[11])
    gate.touch()
    assert [stage.ended(key).exit_code for key in keys] == [3] * 60
