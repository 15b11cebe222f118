"""Rules that only the API has: cursors, passwords, names, and where output is cut."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.store.schema.models import Output
from punctual_api.accounts.passwords import hash_password, is_password, weakness
from punctual_api.http.cursors import read_run_cursor, read_task_cursor, run_cursor, task_cursor
from punctual_api.http.problems import Problem
from punctual_api.runs.output import pieces
from punctual_api.tasks.schemas.task_types import default_name


@given(st.uuids(), st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))
def test_a_cursor_comes_back_as_it_went(some_id: uuid.UUID, naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC)
    assert read_task_cursor(task_cursor(some_id)) == some_id
    assert read_run_cursor(run_cursor(at, some_id)) == (at, some_id)


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_never_more_than_refused(cursor: str) -> None:
    for read in (read_task_cursor, read_run_cursor):
        with suppress(Problem):
            read(cursor)


def test_only_the_right_password_opens() -> None:
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert is_password("correct horse", hashed)
    assert not is_password("correct house", hashed)
    assert not is_password("the password of no user", None)


@pytest.mark.parametrize("password", ["PASSWORD1", "clara", "c@example.com", "ababababab"])
def test_a_password_that_would_be_guessed_is_weak(password: str) -> None:
    assert weakness(password, username="Clara", email="C@example.com") is not None


OF_BOB = [
    "bob-bob-bob-bob",
    "bobbobbob",
    "BobBob2026!",
    "20bob26bob28bob",
    "b0b.b0b.b0b!",
    "bob.smith1!",
    "b.smith.bob",
    "smithbob2026",
    "acme-inc-1",
    "Acme2026!",
    "bob.smith@acme.com",
    "punctual-2026!",
    "PunctualPunctual",
    "Punctua1-bob",
    "my-punctual!",
    "bob-abc123",
    "bob-password",
]


@pytest.mark.parametrize("password", OF_BOB)
def test_a_password_made_of_what_is_known_of_its_user_is_weak(password: str) -> None:
    assert weakness(password, username="bob", email="bob.smith@acme.com") is not None


@pytest.mark.parametrize(
    "password",
    ["aaaaaaaaaaaa", "1234abcd", "abcd-1234", "abcdefghijkl", "987654321abc", "xyzxyzxyzxyz",
     "qwertyuiop[]", "asdf1234", "poiuytrewq", "zaqzaqzaqzaq", "abc123abc123abc", "aaaabbbbcccc"],
)  # fmt: skip
def test_a_password_that_repeats_or_counts_on_is_weak(password: str) -> None:
    assert weakness(password, username="clara", email="c@example.org") is not None


@pytest.mark.parametrize(
    "password",
    ["correct horse", "bob likes green trains", "x7#9$kQ2!m8-bob", "Tr0ub4dor&3-punctual",
     "deadbeef-cafe", "planning to sail", "xK9$mPqx", "9f8e7d6c5b4a-71"],
)  # fmt: skip
def test_a_good_password_is_not_weak(password: str) -> None:
    assert weakness(password, username="bob", email="bob.smith@acme.com") is None


def test_a_good_password_may_contain_a_short_name_by_chance() -> None:
    assert weakness("channel7kq9", username="ann", email="ann@example.org") is None


@given(st.lists(st.integers(1, 5).map(lambda n: n if n % 2 else -n)), st.integers(0, 30))
def test_pieces_are_the_whole_output_and_none_spans_the_cut(segments: list[int], cut: int) -> None:
    data = bytes(range(sum(map(abs, segments))))
    found = list(pieces(Output(data=data, segments=segments, head_bytes=cut)))
    assert b"".join(piece for _, piece, _ in found) == data
    assert all(not start < cut < start + len(piece) for start, piece, _ in found)


@pytest.mark.parametrize(
    ("command", "name"),
    [("\n  ls -l\nx", "ls -l"), ("a" * 80, "a" * 80), ("é" * 81, "é" * 79 + "…")],
)
def test_a_task_is_named_after_the_first_line_of_its_command(command: str, name: str) -> None:
    assert default_name({"command": command}) == name
