"""Whom commands run as on the local stack of root."""

import os
from pathlib import Path

import pytest

from punctual.ops.process_user import unprivileged
from punctual_devstack import settings
from punctual_devstack.command_user import SPARE_ID, command_user
from punctual_devstack.processes.spawn import ServerUser

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def chosen(folder: Path, **environ: str) -> settings.StackSettings:
    return settings.read({"PUNCTUAL_DATA_DIR": str(folder), **environ})


def test_their_folder_is_one_that_they_can_reach(tmp_path: Path) -> None:
    aside = command_user(chosen(tmp_path), euid=0).work_dir
    assert aside.parent == Path("/var/lib/punctual")
    assert aside == command_user(chosen(tmp_path), euid=0).work_dir
    assert aside != command_user(chosen(tmp_path / "other"), euid=0).work_dir
    reached = chosen(Path("/"))
    assert command_user(reached, euid=0).work_dir == Path("/work")
    assert command_user(chosen(tmp_path), euid=1000).work_dir == tmp_path / "work"


def test_a_named_root_is_reported(tmp_path: Path) -> None:
    user = command_user(chosen(tmp_path, PUNCTUAL_COMMAND_USER="root"), euid=0)
    assert user.notice == "commands run as root, as PUNCTUAL_COMMAND_USER says"
    assert user.work_dir == tmp_path / "work"
    named = command_user(chosen(tmp_path, PUNCTUAL_COMMAND_USER="daemon"), euid=0)
    assert named.notice is None


def test_they_are_never_the_user_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command_user(chosen(tmp_path, PUNCTUAL_SLOT_USERS="0"), euid=0).environ == {}
    spare = unprivileged()
    monkeypatch.setattr(
        "punctual_devstack.command_user.server_account", lambda: ServerUser(spare.uid, spare.gid)
    )
    user = command_user(chosen(tmp_path, PUNCTUAL_SLOT_USERS="0"), euid=0)
    assert user.environ == {"PUNCTUAL_COMMAND_USER": f"{SPARE_ID}:{SPARE_ID}"}


def test_a_user_that_cannot_be_had_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(settings.InvalidStackSetting, match="no user 'no-such-user' here"):
        command_user(chosen(tmp_path, PUNCTUAL_COMMAND_USER="no-such-user"), euid=0)


def test_a_user_that_only_root_can_become_stops_the_start_of_another(tmp_path: Path) -> None:
    for wanted in ("root", "daemon"):
        with pytest.raises(settings.InvalidStackSetting, match="as root"):
            command_user(chosen(tmp_path, PUNCTUAL_COMMAND_USER=wanted), euid=1000)


def test_each_slot_has_users_of_its_own_and_no_two_workers_or_stacks_the_same(
    tmp_path: Path,
) -> None:
    stack = chosen(tmp_path, WORKERS="3", SLOTS="4")
    user = command_user(stack, euid=0)
    firsts = [int(user.environ_of(number)["PUNCTUAL_SLOT_USERS"]) for number in (1, 2, 3)]
    assert [each - firsts[0] for each in firsts] == [0, 9, 18]
    assert user.notice == (
        f"commands of each slot run as a user of their own, {firsts[0] + 1} and up, not as root:"
        " PUNCTUAL_SLOT_USERS names other users"
    )
    other = command_user(chosen(tmp_path / "other", WORKERS="3", SLOTS="4"), euid=0)
    assert user.slot_users is not None
    assert other.slot_users is not None
    assert abs(other.slot_users.first - user.slot_users.first) >= 10_000


def test_named_users_of_slots_are_used_and_not_announced(tmp_path: Path) -> None:
    user = command_user(chosen(tmp_path, PUNCTUAL_SLOT_USERS="2000000"), euid=0)
    assert user.environ_of(1) == {"PUNCTUAL_SLOT_USERS": "2000000"}
    assert user.notice is None
    with pytest.raises(settings.InvalidStackSetting, match="user 1 of the range 1 to 33 is daemon"):
        command_user(chosen(tmp_path, PUNCTUAL_SLOT_USERS="1"), euid=0)


def test_a_named_user_of_commands_is_the_user_of_all_slots(tmp_path: Path) -> None:
    user = command_user(chosen(tmp_path, PUNCTUAL_COMMAND_USER="daemon"), euid=0)
    assert user.slot_users is None
    assert user.environ_of(1) == {}


@pytest.mark.parametrize(
    ("euid", "given"),
    [(1000, {}), (0, {"PUNCTUAL_SLOT_USERS": "0"}), (0, {"PUNCTUAL_COMMAND_USER": "daemon"})],
    ids=["not root", "no users of slots", "one user"],
)
def test_commands_that_cannot_be_kept_from_networks_stop_the_start(
    tmp_path: Path, euid: int, given: dict[str, str]
) -> None:
    stack = chosen(tmp_path, PUNCTUAL_COMMAND_NETWORKS="internet", **given)
    with pytest.raises(settings.InvalidStackSetting, match="COMMAND_NETWORKS takes users of slots"):
        command_user(stack, euid=euid)
    assert command_user(chosen(tmp_path, PUNCTUAL_COMMAND_NETWORKS="internet"), euid=0).slot_users
