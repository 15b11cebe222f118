"""Parameters: what a task may be given for one run."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.errors import InvalidParams
from punctual.domain.runs.params import (
    MOST_PARAMS,
    Param,
    ParamType,
    environment_of,
    parse_params,
    to_document,
    typed_value,
    values_again,
    values_for,
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES: dict[ParamType, st.SearchStrategy[Any]] = {
    ParamType.STRING: TEXTS,
    ParamType.INTEGER: st.integers(-(2**63) + 1, 2**63 - 1),
    ParamType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    ParamType.BOOLEAN: st.booleans(),
    ParamType.CHOICE: st.sampled_from(["red", "green"]),
}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below),
    max_leaves=8,
)


@st.composite
def params(draw: st.DrawFn) -> tuple[Param, ...]:
    word = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
    names = draw(st.lists(word, unique=True, max_size=MOST_PARAMS))
    made: list[Param] = []
    for name in names:
        kind = draw(st.sampled_from(ParamType))
        choices = ("red", "green") if kind == ParamType.CHOICE else ()
        default = draw(st.none() | VALUES[kind])
        made.append(Param(name, kind, default, choices, draw(st.booleans()), draw(TEXTS)))
    return tuple(made)


@given(params())
def test_parameters_come_back_as_they_went(some: tuple[Param, ...]) -> None:
    assert parse_params(json.loads(json.dumps(to_document(some)))) == some


@given(st.floats(min_value=2**63, allow_infinity=False), st.sampled_from([1, -1]))
def test_a_large_number_is_taken_with_all_its_digits_as_well(number: float, sign: int) -> None:
    digits = int(Decimal(repr(number)))
    document = [{"name": "size", "type": "number", "default": sign * digits}]
    assert to_document(parse_params(document)) == document


@pytest.mark.parametrize("number", [2**63 + 1, 10**400, True])
def test_a_number_that_would_be_rounded_is_refused(number: int) -> None:
    with pytest.raises(InvalidParams):
        parse_params([{"name": "size", "type": "number", "default": number}])


@given(ANY_JSON | st.lists(st.fixed_dictionaries({"name": ANY_JSON}, optional={"type": ANY_JSON})))
def test_whatever_is_sent_is_taken_or_refused_in_words(document: object) -> None:
    with suppress(InvalidParams):
        parse_params(document)


@given(params(), st.data())
def test_what_is_given_wins_and_defaults_stand_for_the_rest(
    some: tuple[Param, ...], data: st.DataObject
) -> None:
    sent = {
        one.name: data.draw(VALUES[one.type])
        for one in some
        if (one.required and one.default is None) or data.draw(st.booleans())
    }
    values = values_for(some, sent)
    for one in some:
        assert values.get(one.name) == sent.get(one.name, one.default)
    assert values_again(some, values) == values


@given(params(), st.dictionaries(st.text(max_size=5), ANY_JSON, max_size=4))
def test_a_repetition_never_takes_what_a_run_could_not(
    some: tuple[Param, ...], old: dict[str, object]
) -> None:
    with suppress(InvalidParams):
        again = values_again(some, old)
        assert values_for(some, again) == again


@given(params(), st.data())
def test_what_is_typed_as_it_reads_is_the_same_value(
    some: tuple[Param, ...], data: st.DataObject
) -> None:
    for one in some:
        value = data.draw(VALUES[one.type])
        [text] = environment_of({one.name: value}).values()
        assert typed_value(one, text) == (None if text == "" else value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1),
        ("string", "a\0b"),
        ("string", "x" * 4097),
        ("integer", True),
        ("integer", 1.5),
        ("integer", 2**63),
        ("number", "1"),
        ("number", True),
        ("boolean", "true"),
        ("boolean", 1),
        ("choice", "blue"),
    ],
)
def test_a_value_of_another_type_is_refused_where_it_stands(kind: str, value: object) -> None:
    choices = ("red",) if kind == "choice" else ()
    with pytest.raises(InvalidParams) as refused:
        values_for([Param("x", ParamType(kind), choices=choices)], {"x": value})
    assert refused.value.pointer == "/x"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, ""),
        ([1], "/0"),
        ([{}], "/0/name"),
        ([{"name": "Day"}], "/0/name"),
        ([{"name": "a\n"}], "/0/name"),
        ([{"name": "a"}, {"name": "a"}], "/1/name"),
        ([{"name": "a", "type": "date"}], "/0/type"),
        ([{"name": "a", "kind": "string"}], "/0/kind"),
        ([{"name": "a", "choices": ["x"]}], "/0/choices"),
        ([{"name": "a", "type": "choice"}], "/0/choices"),
        ([{"name": "a", "type": "choice", "choices": ["x", "x"]}], "/0/choices"),
        ([{"name": "a", "type": "choice", "choices": ["x"], "default": "y"}], "/0/default"),
        ([{"name": "a", "type": "integer", "default": "1"}], "/0/default"),
        ([{"name": "a", "required": "yes"}], "/0/required"),
        ([{"name": f"a{number}"} for number in range(51)], ""),
    ],
)
def test_each_mistake_is_named_at_its_place(document: object, pointer: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        parse_params(document)
    assert refused.value.pointer == pointer


def test_an_unknown_name_and_a_missing_value_are_refused() -> None:
    with pytest.raises(InvalidParams, match="no such parameter"):
        values_for([], {"x": 1})
    with pytest.raises(InvalidParams, match="required"):
        values_for([Param("x", ParamType.STRING, required=True)], {})


def test_the_environment_has_upper_case_names_and_plain_words() -> None:
    found = environment_of({"day": "it's $HOME", "full": True, "count": 3, "rate": 0.5})
    assert found == {
        "PARAM_DAY": "it's $HOME",
        "PARAM_FULL": "true",
        "PARAM_COUNT": "3",
        "PARAM_RATE": "0.5",
    }
