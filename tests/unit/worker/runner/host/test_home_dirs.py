"""A home is empty, its owner's alone, and new by its name, whichever attempt had it before."""

import os
import resource
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.host.remove_tree import remove_tree
from punctual_worker.runner.host.runner_dir import RunnerDir
from punctual_worker.runner.host.trash import Trash
from punctual_worker.runner.host.unused_homes import MADE
from punctual_worker.runner.supervise.dead_runners import clear_up_after_dead_runners
from tests.support.eventually import eventually


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[HomeDirs]:
    runner_dir = RunnerDir(str(tmp_path), launch=1)
    homes = HomeDirs(runner_dir.path, Trash())
    yield homes
    homes.remove_all()
    runner_dir.unlock()
    assert not [*tmp_path.iterdir()]


def inode(path: str) -> int:
    return Path(path).stat().st_ino


def test_one_that_is_as_it_was_made_is_given_on_under_a_new_name(homes: HomeDirs) -> None:
    first = homes.make(1)
    before = inode(first)
    homes.discard(first)
    second = homes.make(2)
    assert second != first
    assert inode(second) == before
    assert not Path(first).exists()
    assert Path(second).stat().st_mode == MADE
    third = homes.make(3)
    assert inode(third) != before


def _fill(home: str) -> None:
    (Path(home) / ".cache").mkdir()


def _open(home: str) -> None:
    Path(home).chmod(0o1777)


def _mark(home: str) -> None:
    os.setxattr(home, "user.mark", b"here")


@pytest.mark.parametrize("change", [_fill, _open, _mark])
def test_one_that_was_changed_is_removed(homes: HomeDirs, change: Callable[[str], None]) -> None:
    first = homes.make(1)
    change(first)
    homes.discard(first)
    eventually(lambda: not Path(first).exists())
    second = homes.make(2)
    assert not [*Path(second).iterdir()]
    assert not os.listxattr(second)
    assert Path(second).stat().st_mode == MADE


def test_one_that_a_command_removed_is_no_trouble(homes: HomeDirs) -> None:
    first = homes.make(1)
    Path(first).parent.chmod(0o700)
    Path(first).rmdir()
    homes.discard(first)
    assert not [*Path(homes.make(2)).iterdir()]


def test_one_that_is_gone_before_it_is_given_on_is_made_anew(homes: HomeDirs) -> None:
    first, second = homes.make(1), homes.make(2)
    homes.discard(first)
    homes.discard(second)
    remove_tree(str(Path(first).parent))
    remove_tree(str(Path(second).parent))
    third = homes.make(3)
    assert Path(third).stat().st_mode == MADE


def test_the_folder_of_a_dead_runner_is_nobodys_home(tmp_path: Path) -> None:
    (tmp_path / "runner-2-dead").mkdir(mode=0o700)  # as empty as a home, and its owner's alone
    runner_dir = RunnerDir(str(tmp_path), launch=1)
    homes = HomeDirs(runner_dir.path, Trash())
    clear_up_after_dead_runners(runner_dir, Trash())
    eventually(lambda: len([*tmp_path.iterdir()]) == 1)
    [root] = tmp_path.iterdir()
    assert Path(homes.make(1)).is_relative_to(root)
    homes.remove_all()
    runner_dir.unlock()


def test_a_command_that_removed_more_than_its_own_takes_no_home_from_the_next(
    homes: HomeDirs,
) -> None:
    folder = Path(homes.make(1)).parent.parent
    shutil.rmtree(folder)
    again = Path(homes.make(1))
    assert again.parent.parent == folder
    assert again.stat().st_mode == MADE


def test_one_that_a_command_replaced_by_a_link_is_not_given_on(
    homes: HomeDirs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    elsewhere.chmod(0o700)
    first = homes.make(1)
    Path(first).parent.chmod(0o700)
    Path(first).rmdir()
    Path(first).symlink_to(elsewhere)
    homes.discard(first)
    assert inode(homes.make(2)) != elsewhere.stat().st_ino
    eventually(lambda: not Path(first).parent.exists())
    assert elsewhere.is_dir()


def test_a_link_in_the_place_of_its_directory_is_not_followed(
    homes: HomeDirs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "home").mkdir(mode=0o700)
    (elsewhere / "file").touch()
    directory = Path(homes.make(1)).parent
    remove_tree(str(directory))
    directory.symlink_to(elsewhere)
    homes.discard(str(directory / "home"))
    eventually(lambda: not directory.is_symlink())
    assert {path.name for path in elsewhere.iterdir()} == {"home", "file"}


def _add(directory: Path) -> None:
    directory.chmod(0o700)
    (directory / "left").touch()


def _add_and_close(directory: Path) -> None:
    _add(directory)
    directory.chmod(0o500)


def _open_directory(directory: Path) -> None:
    directory.chmod(0o700)


@pytest.mark.parametrize("change", [_add, _add_and_close, _open_directory])
def test_what_is_left_in_its_directory_is_removed_with_it(
    homes: HomeDirs, change: Callable[[Path], None]
) -> None:
    directory = Path(homes.make(1)).parent
    change(directory)
    homes.discard(str(directory / "home"))
    eventually(lambda: not directory.exists())
    second = Path(homes.make(2))
    assert [*second.parent.iterdir()] == [second]
    assert stat.S_IMODE(second.parent.stat().st_mode) == 0o500


def test_a_file_that_finds_no_room_leaves_nothing(
    homes: HomeDirs, tmp_path: Path, file_limit: int
) -> None:
    with pytest.raises(OSError, match="File too large"):
        homes.write(1, b"x" * (file_limit + 1))
    assert not [*tmp_path.glob("*/*")]
    assert Path(homes.write(1, b"x")).read_bytes() == b"x"


@pytest.fixture
def file_limit() -> Iterator[int]:
    """The most bytes that a file may have for now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
