"""Values are sealed for one team and one name, and only the private key opens them."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PublicKey, SealedBox

from punctual.ops.sealing import (
    BLOCK,
    CannotOpenError,
    OpeningKeys,
    SealingKey,
    new_pair,
    public_of,
)
from punctual.ops.secret_keys import parse_public_key

TEAM, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
PUBLIC, PRIVATE = new_pair()
KEY, KEYS = SealingKey(PUBLIC), OpeningKeys(PRIVATE)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=300)


@given(value=VALUES, name=st.text("abc.-_9", min_size=1, max_size=100))
def test_what_was_sealed_opens_as_it_was(value: str, name: str) -> None:
    sealed = KEY.seal(value, team_id=TEAM, name=name)
    assert KEYS.open(sealed, key=KEY.id, team_id=TEAM, name=name) == value


@pytest.mark.parametrize(("team", "name"), [(OTHER, "pg"), (TEAM, "pgx"), (TEAM, "p"), (TEAM, "")])
def test_a_box_in_the_row_of_another_secret_or_team_does_not_open(
    team: uuid.UUID, name: str
) -> None:
    sealed = KEY.seal("gx", team_id=TEAM, name="pg")
    with pytest.raises(CannotOpenError, match="another secret"):
        KEYS.open(sealed, key=KEY.id, team_id=team, name=name)


def test_every_changed_byte_of_a_box_is_noticed() -> None:
    sealed = KEY.seal("value", team_id=TEAM, name="pg")
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(CannotOpenError):
            KEYS.open(bytes(broken), key=KEY.id, team_id=TEAM, name="pg")
    for end in (0, 1, 47, 48, len(sealed) - 1):
        with pytest.raises(CannotOpenError):
            KEYS.open(sealed[:end], key=KEY.id, team_id=TEAM, name="pg")


def test_a_box_that_another_program_made_does_not_open() -> None:
    for content in (b"", b"value", bytes(200), b"\x01" * 100):
        box = SealedBox(PublicKey(parse_public_key(PUBLIC))).encrypt(content)
        with pytest.raises(CannotOpenError):
            KEYS.open(bytes(box), key=KEY.id, team_id=TEAM, name="pg")


def test_the_same_value_is_never_sealed_twice_alike() -> None:
    sealed = {KEY.seal("value", team_id=TEAM, name="pg") for _ in range(20)}
    assert len(sealed) == 20


def test_a_box_does_not_show_how_long_a_value_is_exactly() -> None:
    lengths = {len(KEY.seal("x" * size, team_id=TEAM, name="pg")) for size in range(1, 30)}
    assert len(lengths) == 1
    assert (lengths.pop() - 48) % BLOCK == 0


def test_an_old_key_in_the_list_opens_what_was_sealed_for_it() -> None:
    public, private = new_pair()
    both = OpeningKeys(f"{private}, {PRIVATE}")
    assert both.ids == [SealingKey(public).id, KEY.id]
    sealed = KEY.seal("value", team_id=TEAM, name="pg")
    assert both.open(sealed, key=KEY.id, team_id=TEAM, name="pg") == "value"
    with pytest.raises(CannotOpenError, match=f"sealed for the key {KEY.id}, which is not here"):
        OpeningKeys(private).open(sealed, key=KEY.id, team_id=TEAM, name="pg")
    assert OpeningKeys("").ids == []


def test_the_public_key_follows_from_the_private_one() -> None:
    assert public_of(PRIVATE) == PUBLIC
    assert KEYS.sealing_key(KEY.id).id == KEY.id
