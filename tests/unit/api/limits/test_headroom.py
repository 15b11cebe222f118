"""Headroom: which teams need not be counted for one thing more."""

import uuid

from punctual_api.limits.headroom import FRESH_SECONDS, Headroom

TEAM = uuid.UUID(int=1)


def test_a_team_far_from_its_limit_is_not_counted_again_while_its_count_is_fresh() -> None:
    at = [0.0]
    headroom = Headroom(1_000_000, clock=lambda: at[0])
    assert not headroom.takes_one(TEAM)
    for number, reserves in ((899_000, 1), (500_000, 5), (0, 10)):
        assert headroom.note(TEAM, number)
        at[0] += FRESH_SECONDS * reserves - 0.1
        assert headroom.takes_one(TEAM)
        at[0] += 0.2
        assert not headroom.takes_one(TEAM)


def test_what_was_made_since_brings_a_team_near_its_limit() -> None:
    headroom = Headroom(1_000_000, clock=lambda: 0.0)
    assert headroom.note(TEAM, 899_998)
    assert [headroom.takes_one(TEAM) for _ in range(3)] == [True, True, False]


def test_a_team_in_the_last_tenth_is_always_counted() -> None:
    headroom = Headroom(1_000_000, clock=lambda: 0.0)
    assert not headroom.note(TEAM, 900_001)
    assert not headroom.takes_one(TEAM)


def test_below_a_small_limit_a_team_is_always_counted() -> None:
    headroom = Headroom(100, clock=lambda: 0.0)
    assert not headroom.note(TEAM, 0)
    assert not headroom.takes_one(TEAM)
