"""What users left in folders of all is found, and a folder without news is not listed again."""

import os
import time
from pathlib import Path

import pytest

from punctual_worker.runner.host.shared_places import CLOCK_NS, SharedFolder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
USERS = range(2_147_300_000, 2_147_300_010)
ONE, OTHER = USERS[0], USERS[1]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tmp_path.chmod(0o1777)
    return tmp_path


def left(place: Path, name: str, uid: int) -> tuple[str, int]:
    """Have a user leave a file, so long ago that the clock of the file system is past it."""
    path = place / name
    path.touch()
    os.chown(path, uid, uid, follow_symlinks=False)
    before = time.time_ns() - 2 * CLOCK_NS
    os.utime(place, ns=(before, before))
    return str(path), uid


def test_what_a_user_left_is_found_and_nothing_of_others(place: Path) -> None:
    folder = SharedFolder(str(place), USERS)
    one, other = left(place, "one", ONE), left(place, "other", OTHER)
    left(place, "stranger", 12345)
    assert [*folder.left_by({ONE})] == [one]
    assert [*folder.left_by({OTHER})] == [other]
    assert sorted(folder.left_by({ONE, OTHER})) == [one, other]


def test_a_folder_without_news_is_listed_again_for_those_alone_who_have_something_there(
    place: Path,
) -> None:
    folder = SharedFolder(str(place), USERS)
    other = left(place, "other", OTHER)
    assert [*folder.left_by({ONE})] == []
    unnoticed = place / "unnoticed"
    before = place.stat().st_mtime_ns
    unnoticed.touch()
    os.chown(unnoticed, ONE, ONE)
    os.utime(place, ns=(before, before))  # as no command can do it
    assert [*folder.left_by({ONE})] == []
    assert [*folder.left_by({OTHER})] == [other]
    os.utime(place)
    assert [*folder.left_by({ONE})] == [(str(unnoticed), ONE)]


def test_a_change_in_the_moment_of_a_look_is_not_missed(place: Path) -> None:
    folder = SharedFolder(str(place), USERS)
    assert [*folder.left_by({ONE})] == []
    now = time.time_ns()
    os.utime(place, ns=(now, now))
    assert [*folder.left_by({ONE})] == []
    path = place / "at-once"
    path.touch()
    os.chown(path, ONE, ONE)
    os.utime(place, ns=(now, now))  # the same tick of the clock
    assert [*folder.left_by({ONE})] == [(str(path), ONE)]


def test_folders_that_are_open_to_all_are_looked_into(place: Path) -> None:
    (place / "open").mkdir()
    (place / "open").chmod(0o1777)
    (place / "closed").mkdir()
    folder = SharedFolder(str(place), USERS)
    assert [*folder.left_by({ONE})] == []
    left(place / "closed", "file", ONE)
    inside = left(place / "open", "file", ONE)
    assert [*folder.left_by({ONE})] == [inside]


def test_folders_of_other_users_are_looked_into_whatever_time_they_show(place: Path) -> None:
    (place / "theirs").mkdir()
    (place / "theirs").chmod(0o777)
    os.chown(place / "theirs", OTHER, OTHER)
    folder = SharedFolder(str(place), USERS)
    assert [*folder.left_by({ONE})] == []
    before = (place / "theirs").stat()
    inside = left(place / "theirs", "file", ONE)
    os.utime(place / "theirs", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [*folder.left_by({ONE})] == [inside]


def test_folders_in_folders_that_are_open_to_all_are_looked_into(place: Path) -> None:
    below = place / "open" / "below" / "more"
    below.mkdir(parents=True)
    for one in (below, below.parent, below.parent.parent):
        one.chmod(0o777)
    inside = left(below, "file", ONE)
    assert [*SharedFolder(str(place), USERS).left_by({ONE})] == [inside]


def test_links_are_entries_themselves(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    elsewhere.chmod(0o777)
    left(elsewhere, "file", ONE)
    (place / "link").symlink_to(elsewhere)
    folder = SharedFolder(str(place), USERS)
    assert [*folder.left_by({ONE})] == []
    os.chown(place / "link", ONE, ONE, follow_symlinks=False)
    os.utime(place)
    assert [*folder.left_by({ONE})] == [(str(place / "link"), ONE)]
