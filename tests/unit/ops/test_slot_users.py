"""A range of users for slots is refused where it cannot be used, with the reason."""

from pathlib import Path

import pytest

from punctual.ops.config import InvalidSetting
from punctual.ops.process_user import ProcessUser, capabilities
from punctual.ops.slot_users import SlotUserRange, slot_users_of

FREE = 2_147_100_000


def test_the_runner_is_the_first_and_each_slot_has_two() -> None:
    users = SlotUserRange(1000, 3)
    assert users.runner == ProcessUser(1000, 1000)
    assert [*users.commands] == [1001, 1002, 1003, 1004, 1005, 1006]
    assert users.after(1).first == 1007
    assert not set(users.after(1).all) & set(users.all)


def test_without_the_setting_there_are_none() -> None:
    assert slot_users_of(0, slots=4, command_user="nobody", agent=None, euid=1000) is None


@pytest.mark.parametrize(
    ("first", "given", "why"),
    [
        (FREE, {"command_user": "nobody"}, "PUNCTUAL_COMMAND_USER are both set: set one"),
        (FREE, {"euid": 1000}, "PUNCTUAL_SLOT_USERS takes a worker that is started as root"),
        (2**31 - 5, {}, "are too large: the last is 2147483646"),
        (FREE, {"agent": ProcessUser(FREE + 8, 1)}, "PUNCTUAL_USER is one of 2147100000 to"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    first: int, given: dict[str, object], why: str
) -> None:
    settings = {"slots": 4, "command_user": "", "agent": None, "euid": 0, **given}
    with pytest.raises(InvalidSetting, match=why):
        slot_users_of(first, **settings)  # type: ignore[arg-type]


def test_users_that_exist_or_that_containers_have_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = frozenset(range(40))
    monkeypatch.setattr("punctual.ops.slot_users.capabilities", lambda: everything)
    with pytest.raises(InvalidSetting, match="user 1 of the range 1 to 9 is daemon"):
        slot_users_of(1, slots=4, command_user="", agent=None, euid=0)
    subordinates = tmp_path / "subuid"
    subordinates.write_text(f"ann:{FREE + 5}:65536\n")
    monkeypatch.setattr("punctual.ops.slot_users.SUBORDINATES", subordinates)
    with pytest.raises(InvalidSetting, match=f"user {FREE + 5} .* is one of the containers of ann"):
        slot_users_of(FREE, slots=4, command_user="", agent=None, euid=0)
    subordinates.write_text(f"ann:{FREE + 9}:65536\n")
    found = slot_users_of(FREE, slots=4, command_user="", agent=None, euid=0)
    assert found == SlotUserRange(FREE, 4)


def test_a_root_without_the_capabilities_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("punctual.ops.slot_users.capabilities", lambda: frozenset({6, 7}))
    with pytest.raises(InvalidSetting, match="KILL, SETGID, SETUID: it lacks KILL"):
        slot_users_of(FREE, slots=4, command_user="", agent=None, euid=0)


def test_capabilities_are_those_that_the_kernel_lists() -> None:
    status = Path("/proc/self/status").read_text()
    mask = int(status.split("CapPrm:")[1].split()[0], 16)
    assert sum(1 << number for number in capabilities()) == mask
