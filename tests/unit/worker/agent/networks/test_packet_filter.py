"""A worker whose commands must be kept from networks does not start where that cannot be done."""

import pytest

from punctual.domain.commands.reach import Reach
from punctual.ops.config import InvalidSetting
from punctual.ops.slot_users import SlotUserRange
from punctual_worker.agent.networks import packet_filter

USERS = SlotUserRange(2_147_400_000, 1)
INTERNET = Reach(internet=True)


def test_without_users_of_slots_it_says_what_it_takes() -> None:
    with pytest.raises(InvalidSetting, match="takes PUNCTUAL_SLOT_USERS"):
        packet_filter.restrict_networks(None, INTERNET)


def test_without_the_capability_it_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "capabilities", frozenset)
    with pytest.raises(InvalidSetting, match="takes a worker with the capability NET_ADMIN"):
        packet_filter.restrict_networks(USERS, INTERNET)


def test_without_nft_it_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "capabilities", lambda: {packet_filter.NET_ADMIN})
    monkeypatch.setattr(packet_filter, "PATH", "/nowhere")
    with pytest.raises(InvalidSetting, match="takes the program nft"):
        packet_filter.restrict_networks(USERS, INTERNET)


def test_what_nft_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "capabilities", lambda: {packet_filter.NET_ADMIN})
    monkeypatch.setattr(packet_filter, "PROGRAM", "false")  # ends with 1 and says nothing
    with pytest.raises(InvalidSetting, match=r"cannot be applied: exit 1; .*=all lets commands"):
        packet_filter.restrict_networks(USERS, INTERNET)


def test_everything_is_reached_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "capabilities", frozenset)
    assert packet_filter.restrict_networks(None, None) is False
    assert packet_filter.restrict_networks(USERS, None) is False
