"""The stack's folder: its lock, its secrets, its logs."""

import os
from pathlib import Path

import pytest

from punctual_devstack.data_dir import MAX_LOG_BYTES, DataDir, InUse
from punctual_devstack.processes.spawn import Spec, spawn


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.make()
    return made


def test_one_stack_at_a_time_and_the_other_is_named(data_dir: DataDir) -> None:
    with data_dir.lock(), pytest.raises(InUse, match=f"by process {os.getpid()}$"):
        data_dir.lock()
    data_dir.lock().close()


def test_a_secret_is_made_once_and_read_by_its_owner_only(data_dir: DataDir) -> None:
    secret = data_dir.secret("key")
    assert len(secret) == 48
    assert data_dir.secret("key") == secret
    assert data_dir.secret("other") != secret
    assert (data_dir.path / "secrets" / "key").stat().st_mode & 0o777 == 0o600
    assert (data_dir.path / "secrets").stat().st_mode & 0o777 == 0o700


def test_a_log_grown_too_big_is_set_aside_at_the_next_start(data_dir: DataDir) -> None:
    file = data_dir.log("api-1")
    file.write_text("small\n")
    assert data_dir.log("api-1").read_text() == "small\n"
    os.truncate(file, MAX_LOG_BYTES + 1)
    assert not data_dir.log("api-1").exists()
    assert (data_dir.path / "logs" / "api-1.log.1").exists()


def test_the_tail_of_a_log_is_its_last_lines(data_dir: DataDir) -> None:
    data_dir.log("api-1").write_text("".join(f"line {n}\n" for n in range(100_000)))
    assert data_dir.log_tail("api-1", 2) == "line 99998\nline 99999"
    assert data_dir.log_tail("never", 2) == ""


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}


def test_an_older_installation_is_closed_to_others(data_dir: DataDir) -> None:
    data_dir.secret("key")
    for name in ("logs", "pids", "secrets"):
        (data_dir.path / name / "file").write_text("a secret\n")
        (data_dir.path / name / "file").chmod(0o644)
        (data_dir.path / name).chmod(0o755)
    data_dir.path.chmod(0o755)
    data_dir.make()
    for name in ("logs", "pids", "secrets"):
        assert modes(data_dir.path / name) == {0o700, 0o600}
    assert data_dir.path.stat().st_mode & 0o777 == (0o700 if os.geteuid() else 0o711)
    with data_dir.lock():
        assert (data_dir.path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_of_other_things_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "of others").mkdir()
    tmp_path.chmod(0o1777)
    DataDir(tmp_path).make()
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
    assert modes(tmp_path / "secrets") == {0o700}


def test_a_process_logs_for_its_owner_alone(data_dir: DataDir) -> None:
    spec = Spec("true", ("true",), dict(os.environ), data_dir.path)
    pid = spawn(spec, log=data_dir.log("true"))
    assert os.waitpid(pid, 0)[1] == 0
    assert data_dir.log("true").stat().st_mode & 0o777 == 0o600
