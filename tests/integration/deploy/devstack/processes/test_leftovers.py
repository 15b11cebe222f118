"""What an earlier stack left: ended when it is ours, and no other process is touched."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from punctual_devstack.processes.leftovers import drop_stale_lock, end_leftovers
from punctual_devstack.processes.pids import Pids, started_at
from tests.support.processes import process_with_pipes


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as started:
        yield started
        started.kill()


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[int]:
    """A process whose session leader was recorded as `api-1` and is gone."""
    script = "sleep 600 & echo $! && read line"
    with process_with_pipes(
        ["/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as leader:
        assert leader.stdout is not None
        child = int(leader.stdout.readline())
        Pids(tmp_path).record("api-1", leader.pid)
    yield child
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def test_a_recorded_process_that_still_runs_is_ended(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    Pids(tmp_path).record("api-1", process.pid)
    assert end_leftovers(Pids(tmp_path)) == ["api-1"]
    assert process.wait() == -signal.SIGKILL
    assert not list(tmp_path.glob("*.pid"))


def test_what_outlived_its_recorded_leader_is_ended(tmp_path: Path, orphan: int) -> None:
    assert started_at(orphan) is not None
    assert end_leftovers(Pids(tmp_path)) == ["api-1"]
    assert started_at(orphan) is None


def test_a_service_gets_no_time(
    tmp_path: Path, orphan: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("punctual_devstack.processes.leftovers.STOP_SECONDS", 3600)
    end_leftovers(Pids(tmp_path))
    assert started_at(orphan) is None


def test_a_database_gets_time_to_close_its_files(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    Pids(tmp_path).record("postgres", process.pid)
    threading.Timer(0.3, process.terminate).start()
    assert end_leftovers(Pids(tmp_path)) == ["postgres"]
    assert process.wait() == -signal.SIGTERM


def test_another_process_under_a_recorded_number_is_left_alone(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    Pids(tmp_path).record("api-1", process.pid)
    file = tmp_path / ".began.json"
    recorded = json.loads(file.read_text())
    recorded["api-1"][1] += "0"
    file.write_text(json.dumps(recorded))
    assert end_leftovers(Pids(tmp_path)) == []
    assert process.poll() is None


def test_numbers_of_before_a_reboot_mean_nothing(tmp_path: Path, orphan: int) -> None:
    file = tmp_path / ".began.json"
    ((name, (leader, began)),) = json.loads(file.read_text()).items()
    file.write_text(json.dumps({name: (leader, f"another-{began}")}))
    assert end_leftovers(Pids(tmp_path)) == []
    assert started_at(orphan) is not None


def test_a_torn_record_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".began.json").write_text('{"api-1": [12')
    assert end_leftovers(Pids(tmp_path)) == []


def test_a_database_lock_whose_number_went_to_another_process_is_removed(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{process.pid}\n{tmp_path}\n")
    drop_stale_lock(tmp_path)
    assert not lock.exists()


def test_a_database_lock_of_a_server_that_runs_there_stays(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as server:
        lock.write_text(f"{server.pid}\n{tmp_path}\n")
        drop_stale_lock(tmp_path)
        server.kill()
    assert lock.exists()
