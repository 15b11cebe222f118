"""Copies of programs are shared by workers, and gone once none uses them."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from punctual_worker.commands import copies
from tests.support.eventually import eventually
from tests.support.processes import process_with_pipes

LONG_AGO = time.time() - 2 * copies.UNUSED_SECONDS

WORKER = """
import sys
from pathlib import Path
from punctual_worker.commands import copies
from tests.support.eventually import eventually
copies.COPIES = Path(sys.argv[1])
copies.copy(sys.argv[2], lambda new: (new / "file").touch())
print("took it", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(copies, "COPIES", tmp_path)
    return tmp_path


def fill(new: Path) -> None:
    (new / "file").touch(mode=0o600)


def old(path: Path) -> Path:
    """Return a folder with a file in it that was last used two days ago."""
    path.mkdir(exist_ok=True)
    fill(path)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_a_copy_is_made_once_and_any_user_can_read_it(folder: Path) -> None:
    first = copies.copy("code-1", fill)
    assert first == folder / "code-1"
    assert (first.stat().st_mode & 0o777, (first / "file").stat().st_mode & 0o777) == (0o755, 0o644)
    before = first.stat().st_ino
    assert copies.copy("code-1", fill).stat().st_ino == before
    assert [*folder.iterdir()] == [first]


def test_copies_that_no_worker_uses_are_removed_and_all_else_stays(folder: Path) -> None:
    unused = [old(folder / name) for name in ("python-1", "code-1", "copy-unfinished")]
    others = [old(folder / name) for name in ("work-1", "something")]
    (folder / "code-2").mkdir()  # made just now
    in_use = old(folder / "code-3")
    copies.remove_unused(keep=[in_use])
    assert not any(path.exists() for path in unused)
    assert {*folder.iterdir()} == {*others, in_use, folder / "code-2"}


def test_a_copy_that_a_worker_uses_stays_until_that_has_ended(folder: Path) -> None:
    with process_with_pipes(
        [sys.executable, "-c", WORKER, str(folder), "code-1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"took it\n"
        used = old(folder / "code-1")
        copies.remove_unused(keep=())
        assert (used / "file").exists()
        worker.communicate()
    copies.remove_unused(keep=())
    assert not used.exists()


def test_a_copy_that_is_taken_again_counts_as_used(folder: Path) -> None:
    copy = old(folder / "code-1")
    subprocess.run(
        [sys.executable, "-c", WORKER, str(folder), copy.name],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    copies.remove_unused(keep=())
    assert (copy / "file").exists()


def test_a_copy_that_cannot_be_made_leaves_nothing(folder: Path) -> None:
    def fail(new: Path) -> None:
        fill(new)
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        copies.copy("code-1", fail)
    assert [*folder.iterdir()] == []


def test_a_copy_that_was_removed_is_made_again(folder: Path) -> None:
    first = copies.copy("code-1", fill)
    first.rename(folder / "elsewhere")
    again = copies.copy("code-1", fill)
    assert (again / "file").exists()


def test_a_copy_that_is_removed_while_a_worker_comes_for_it_is_made_again(folder: Path) -> None:
    removed = old(folder / "code-1")
    descriptor = os.open(removed, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # as a worker does that removes it
    with process_with_pipes(
        [sys.executable, "-c", WORKER, str(folder), removed.name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as worker:
        eventually(lambda: waits_for_a_lock(worker.pid))
        removed.rename(folder / "copy-removed")
        os.close(descriptor)
        assert worker.communicate()[0] == b"took it\n"
    assert (folder / "code-1" / "file").exists()


def waits_for_a_lock(pid: int) -> bool:
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and str(pid) in line.split() for line in lines)
