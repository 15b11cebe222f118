"""The limits a worker sets where a task has none."""

import shutil
from pathlib import Path

import pytest

from punctual.ops.config import Settings
from punctual_worker.agent.launch import limits
from punctual_worker.agent.launch.limits import default_limits

GIB = 2**30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB of memory; what is written here is in its cgroup."""
    (tmp_path / "meminfo").write_text("MemTotal:        8388608 kB\nMemFree: 1 kB\n")
    monkeypatch.setattr(limits, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    return tmp_path


def test_half_of_the_machines_memory_is_the_most(machine: Path) -> None:
    found = default_limits(Settings(limit_disk_bytes=0))
    most = {"processes": 1024, "memory_bytes": 4 * GIB, "file_bytes": 8 * GIB, "disk_bytes": 0}
    assert found == most


def test_half_of_what_the_container_has_is_the_most(machine: Path) -> None:
    (machine / "memory.max").write_text(f"{2 * GIB}\n")
    (machine / "pids.max").write_text("1000\n")
    found = default_limits(Settings())
    assert (found["processes"], found["memory_bytes"]) == (500, GIB)


def test_a_container_without_limits_is_as_large_as_the_machine(machine: Path) -> None:
    (machine / "memory.max").write_text("max\n")
    (machine / "pids.max").write_text("max\n")
    (machine / "memory").mkdir()
    (machine / "memory/memory.limit_in_bytes").write_text("9223372036854771712\n")
    found = default_limits(Settings())
    assert (found["processes"], found["memory_bytes"]) == (1024, 4 * GIB)


def test_set_limits_apply_and_zero_is_no_limit(machine: Path) -> None:
    chosen = Settings(
        limit_processes=9, limit_memory_bytes=0, limit_file_bytes=0, limit_disk_bytes=7
    )
    most = {"processes": 9, "memory_bytes": 0, "file_bytes": 0, "disk_bytes": 7}
    assert default_limits(chosen) == most


def test_half_of_the_file_system_of_homes_is_the_most_on_disk(
    machine: Path, tmp_path: Path
) -> None:
    size = shutil.disk_usage(tmp_path).total
    assert default_limits(Settings(work_dir=tmp_path))["disk_bytes"] == size // 2
    assert default_limits(Settings(work_dir=tmp_path / "none"))["disk_bytes"] == 0
