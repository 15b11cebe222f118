"""The stack's folder: its lock, its secrets, its logs."""

import os
from pathlib import Path

import pytest

from punctual_devstack.data_dir import LOG_LIMIT_BYTES, DataDir, InUse


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
    os.truncate(file, LOG_LIMIT_BYTES + 1)
    assert not data_dir.log("api-1").exists()
    assert (data_dir.path / "logs" / "api-1.log.1").exists()


def test_the_tail_of_a_log_is_its_last_lines(data_dir: DataDir) -> None:
    data_dir.log("api-1").write_text("".join(f"line {n}\n" for n in range(100_000)))
    assert data_dir.log_tail("api-1", 2) == "line 99998\nline 99999"
    assert data_dir.log_tail("never", 2) == ""
