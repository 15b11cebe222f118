"""Where a backup may be written: into a file in a folder that exists."""

import os
from pathlib import Path

import pytest

from punctual_devstack.backup import BackupFailed, backup

ANY_DATABASE = "postgresql://punctual@127.0.0.1:9/punctual"


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
