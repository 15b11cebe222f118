"""What people type, and what they are shown of it again."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual_api.web.form_fields import (
    read_number,
    read_object,
    read_pairs,
    read_size,
    read_words,
    write_number,
    write_pairs,
    write_size,
    write_words,
)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)


@given(st.dictionaries(NAMES, st.text()))
def test_every_environment_is_read_back_as_it_was(pairs: dict[str, str]) -> None:
    assert (read_pairs(write_pairs(pairs)) if pairs else {}) == pairs


@given(st.lists(st.text(min_size=1, max_size=50), max_size=20))
def test_all_tags_are_read_back_as_they_were(tags: list[str]) -> None:
    assert read_words(write_words(tags)) == tags


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_every_number_is_read_back_as_it_was(number: float) -> None:
    assert read_number(write_number(number)) == number


def test_plain_things_are_written_plainly() -> None:
    assert write_pairs({"A": "1", "B": "x=y"}) == "A=1\nB=x=y"
    assert write_words(["prod", "nightly"]) == "prod, nightly"
    assert [write_number(n) for n in (10.0, 0.5, None)] == ["10", "0.5", ""]


@pytest.mark.parametrize("text", ["many", "", "1e999", "nan", "inf", "0x10", "1 2"])
def test_what_is_no_number_stays_text_for_the_checks_to_refuse(text: str) -> None:
    assert read_number(text) == text


def test_a_whole_number_is_an_int_and_a_decimal_comma_is_understood() -> None:
    assert isinstance(read_number(" 3 "), int)
    assert math.isclose(float(read_number("1,5")), 1.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [("A=1\nnothing", "Line 2"), ("A=1\nA=2", "Line 2"), ('{"A": ', "not JSON")],
)
def test_a_line_that_is_no_pair_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_pairs(text)


@pytest.mark.parametrize("text", ["[]", "1", '{"a": NaN}', "{", "[" * 100_000])
def test_what_is_no_json_object_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_object(text)


def test_a_json_object_is_read() -> None:
    assert read_object(json.dumps({"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1000", 1000),
        ("512M", 512 * 2**20),
        (" 2 GiB ", 2**31),
        ("1.5k", 1536),
        ("0.3K", 307.2),
        ("M", "M"),
        ("2 MM", "2 MM"),
        ("lots", "lots"),
    ],
)
def test_a_size_may_have_a_unit(text: str, size: object) -> None:
    assert read_size(text) == size


@given(st.integers(min_value=0, max_value=2**50))
def test_a_size_is_read_back_as_it_was(size: int) -> None:
    assert read_size(write_size(size)) == size


def test_a_key_that_is_typed_twice_in_json_is_refused_by_name() -> None:
    for read in (read_object, read_pairs):
        with pytest.raises(ValueError, match='The key "A" appears twice'):
            read('{"A": "1", "A": "2"}')
