"""The home of a slot's user: nothing of an attempt outlives it there."""

import os
import stat
import struct
import time
from pathlib import Path

import pytest

from punctual_worker.runner.host.slot_home import SlotHome

# struct posix_acl_xattr_header and its entries, of linux/posix_acl_xattr.h.
ALL_MAY = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, 7, 0xFFFFFFFF) for tag in (0x01, 0x04, 0x20)
)


@pytest.fixture
def slot_home(tmp_path: Path) -> SlotHome:
    """The homes of a slot's user, whose folder that user owns."""
    folder = tmp_path / "of-user"
    folder.mkdir(0o700)
    return SlotHome(str(folder), os.geteuid())


def in_time() -> int:
    return time.monotonic_ns() + 10**10


def test_what_does_not_go_in_time_keeps_a_users_home_from_being_renewed(
    slot_home: SlotHome,
) -> None:
    left = Path(slot_home.make(1)) / "file"
    left.touch()
    slot_home.discard(str(left.parent))
    assert not slot_home.renew(until_ns=0)
    assert left.exists()
    assert slot_home.renew(in_time())
    assert not left.exists()


def test_a_user_plants_nothing_where_its_next_home_is(slot_home: SlotHome) -> None:
    home = Path(slot_home.make(1))
    root = home.parent.parent
    for folder in (root, home.parent):
        folder.chmod(0o700)
        (folder / "planted").touch()
    home.parent.chmod(0o500)
    os.utime(home.parent, (0, 0))
    slot_home.discard(str(home))
    assert slot_home.renew(in_time())
    following = Path(slot_home.make(2))
    assert [*root.iterdir()] == [following.parent]
    assert [*following.parent.iterdir()] == [following]


def test_a_home_that_another_process_has_open_is_no_attempts_again(slot_home: SlotHome) -> None:
    first = slot_home.make(1)
    descriptor = os.open(first, os.O_RDONLY | os.O_DIRECTORY)
    try:
        slot_home.discard(first)
        assert slot_home.renew(in_time())
        (Path(slot_home.make(2)) / "name").touch()
        with os.scandir(descriptor) as names:
            assert [*names] == []
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("above", [1, 2])
def test_access_lists_that_a_user_sets_do_not_outlive_the_attempt(
    slot_home: SlotHome, above: int
) -> None:
    home = Path(slot_home.make(1))
    folder = [home, *home.parents][above]
    folder.chmod(0o700)
    os.setxattr(folder, "system.posix_acl_default", ALL_MAY)
    slot_home.discard(str(home))
    assert slot_home.renew(in_time())
    assert os.listxattr(folder) == []
    following = Path(slot_home.make(2))
    assert os.listxattr(following) == []
    assert stat.S_IMODE(following.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["file", "link", "directory", "nothing"])
def test_what_a_user_puts_in_the_place_of_the_closed_directory_is_removed(
    slot_home: SlotHome, tmp_path: Path, kind: str
) -> None:
    home = Path(slot_home.make(1))
    around, elsewhere = home.parent, tmp_path / "elsewhere"
    (elsewhere / "home").mkdir(parents=True)
    around.rename(around.parent / "aside")
    if kind == "link":
        around.symlink_to(elsewhere)
    elif kind == "file":
        around.touch()
    elif kind == "directory":
        (around / "home" / "deep").mkdir(parents=True)
    assert slot_home.renew(in_time())
    following = Path(slot_home.make(2))
    assert not around.is_symlink()
    assert [*around.parent.iterdir()] == [around]
    assert [*around.iterdir()] == [following]
    assert [*following.iterdir()] == []
    assert stat.S_IMODE(around.stat().st_mode) == 0o500
    assert (elsewhere / "home").is_dir()


def test_the_closed_directory_is_closed(slot_home: SlotHome) -> None:
    home = Path(slot_home.make(1))
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o500
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
