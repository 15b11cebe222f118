"""Which database a backup is of, and where it may be written."""

import os
from pathlib import Path

import pytest

from punctual_devstack import settings
from punctual_devstack.backup import BackupFailed, backup
from punctual_devstack.data_dir import DataDir
from punctual_devstack.servers.database_session import CannotVisit, any_database

ANY_DATABASE = "postgresql://punctual@127.0.0.1:9/punctual"


def database_of(**environ: str) -> str:
    stack = settings.read({f"PUNCTUAL_{name}": value for name, value in environ.items()})
    with any_database(stack, DataDir(stack.data_dir)) as url:
        return url


def test_a_backup_is_of_the_database_that_a_setting_or_its_file_names(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"{ANY_DATABASE}\n")
    assert database_of(DATABASE_URL=ANY_DATABASE) == ANY_DATABASE
    assert database_of(DATABASE_URL_FILE=str(file)) == ANY_DATABASE


def test_a_backup_names_a_database_setting_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(CannotVisit, match=r"^PUNCTUAL_DATABASE_URL is not the URL"):
        database_of(DATABASE_URL="nowhere")
    with pytest.raises(CannotVisit, match=r"^PUNCTUAL_DATABASE_URL_FILE: .*/missing"):
        database_of(DATABASE_URL_FILE=str(tmp_path / "missing"))


def test_a_backup_into_a_folder_that_does_not_exist_names_it(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(BackupFailed, match=f"^{missing}: no such folder"):
        backup(ANY_DATABASE, missing / "dump")
    assert not missing.exists()


def test_a_backup_replaces_neither_a_folder_nor_a_pipe(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for place in (pipe, folder):
        with pytest.raises(BackupFailed, match=f"^{place}: a folder or a device"):
            backup(ANY_DATABASE, place)
    assert pipe.is_fifo()
    assert folder.is_dir()
    assert sorted(tmp_path.iterdir()) == [folder, pipe]
