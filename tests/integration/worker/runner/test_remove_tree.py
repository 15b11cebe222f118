"""Removing what a command left on disk."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_worker.runner.host.remove_tree import remove_tree

UNPRIVILEGED_ID = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory of an unprivileged user, who the test is from here on."""
    with tempfile.TemporaryDirectory() as name:
        root = os.geteuid() == 0
        if root:
            Path(name).chmod(0o755)
            made = Path(name) / "nobody"
            made.mkdir()
            os.chown(made, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
            os.seteuid(UNPRIVILEGED_ID)
        try:
            yield Path(name) / "nobody" if root else Path(name)
        finally:
            if root:
                os.seteuid(0)


def test_read_only_parts_are_removed(folder: Path) -> None:
    home = folder / "home"
    (home / "a/b/c").mkdir(parents=True)
    (home / "a/b/file").touch(0o000)
    for path in (home / "a/b/c", home / "a/b", home / "a", home):
        path.chmod(0o000)
    remove_tree(str(home))
    assert list(folder.iterdir()) == []


def test_links_are_removed_and_not_followed(folder: Path) -> None:
    other, home = folder / "other", folder / "home"
    other.mkdir()
    home.mkdir()
    (other / "kept").touch()
    (home / "directory").symlink_to(other)
    (home / "file").symlink_to(other / "kept")
    (home / "nowhere").symlink_to("nowhere")
    remove_tree(str(home))
    assert list(folder.iterdir()) == [other]
    assert (other / "kept").exists()


def test_a_tree_deeper_than_any_path_is_removed(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    before = Path.cwd()
    os.chdir(home)
    for _ in range(60):
        Path("d" * 200).mkdir()
        Path("file").touch()
        os.chdir("d" * 200)
    os.chdir(before)
    remove_tree(str(home))
    assert list(folder.iterdir()) == []


def test_a_wide_directory_and_odd_files_are_removed(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    os.mkfifo(home / "fifo")
    for i in range(3_000):
        (home / f"file {i}\n").touch()
    (home / os.fsdecode(b"\xff\xfe")).mkdir()
    remove_tree(str(home))
    assert list(folder.iterdir()) == []


def test_what_is_gone_already_is_no_trouble(folder: Path) -> None:
    remove_tree(str(folder / "home"))
    assert list(folder.iterdir()) == []
