"""Without a lease nothing starts, and when it is lost nothing goes on."""

import os
import signal
from pathlib import Path

from tests.integration.worker.runner.harness import (
    DEAF,
    NewStage,
    Stage,
    in_seconds,
    is_alive,
    wait_until,
)
from tests.support.eventually import eventually


def test_nothing_starts_before_the_first_lease(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=None)
    ended = stage.run("echo never")
    assert (ended.stopped, ended.started_ns) == ("lease", None)
    stage.lease(60)
    assert stage.run("exit 3").exit_code == 3


def test_a_lost_lease_ends_what_runs(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=2)
    keys = [
        stage.start("sleep 600"),
        stage.start_ready("trap 'exit 4' TERM; touch $READY; sleep 600 & wait"),
    ]
    ends = [stage.ended(key) for key in keys]
    assert [ended.stopped for ended in ends] == ["lease", "lease"]
    assert [ended.signal or ended.exit_code for ended in ends] == [signal.SIGTERM, 4]
    assert stage.run("echo never").started_ns is None


def test_a_lost_lease_kills_within_five_seconds_whatever_the_grace(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=2)
    ended = stage.ended(stage.start_ready(DEAF, grace_s=600))
    assert (ended.stopped, ended.signal) == ("lease", signal.SIGKILL)


def test_a_stop_in_its_grace_is_cut_short_by_the_lease(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=2)
    key = stage.start_ready(DEAF, grace_s=600)
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.signal) == ("cancelled", signal.SIGKILL)


def test_an_extended_lease_is_not_lost(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=2)
    key = stage.start("sleep 600")
    stage.started(key)
    stage.lease(600)
    wait_until(in_seconds(2.1))
    assert stage.run(":").exit_code == 0
    assert not stage.has_ended(key)


def test_a_new_lease_after_a_lost_one_allows_new_starts(new_stage: NewStage) -> None:
    stage = new_stage(lease_s=0.2)
    assert stage.run("sleep 600").stopped == "lease"
    stage.lease(600)
    assert stage.run("exit 3").exit_code == 3


def test_a_lease_taken_away_counts_as_lost(stage: Stage) -> None:
    key = stage.start("sleep 600")
    stage.started(key)
    stage.client.extend_lease(None)
    assert stage.ended(key).stopped == "lease"


def test_with_keep_running_commands_go_on_and_none_starts(new_stage: NewStage) -> None:
    keeping = new_stage(lease_s=2, on_lease_loss="keep")
    key = keeping.start("sleep 600")
    pid = keeping.started(key).pid
    wait_until(in_seconds(2.1))
    assert keeping.run("echo never").stopped == "lease"
    assert is_alive(pid)
    keeping.close()
    assert not is_alive(pid)


def test_a_frozen_runner_wakes_up_knowing_what_it_lost(new_stage: NewStage, tmp_path: Path) -> None:
    stage = new_stage(lease_s=2)
    running = stage.start("sleep 600")
    pid = stage.started(running).pid
    due = stage.start(f"touch {tmp_path}/started", at_ns=in_seconds(1.5))
    os.kill(stage.client.pid, signal.SIGSTOP)
    wait_until(in_seconds(2.1))
    assert is_alive(pid)
    os.kill(stage.client.pid, signal.SIGCONT)

    assert stage.ended(due).started_ns is None
    assert stage.ended(running).stopped == "lease"
    assert not (tmp_path / "started").exists()
    eventually(lambda: not is_alive(pid))
