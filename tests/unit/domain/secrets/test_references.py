"""References to secrets: which objects and texts are one, and which names a task uses."""

from typing import Any

import pytest

from punctual.domain.secrets.names import is_file_name, is_name, value_fault
from punctual.domain.secrets.references import (
    Kind,
    Reference,
    misspelt_placeholder,
    reference_fault,
    reference_of,
    references_in,
    references_in_text,
    stored_names,
    whole_placeholder,
)


@pytest.mark.parametrize("name", ["pg", "A", "9", "a.b-c_d", "x" * 100])
def test_good_names(name: str) -> None:
    assert is_name(name)
    assert reference_of({"secret": name}) == Reference(Kind.STORED, name)


@pytest.mark.parametrize(
    "name", ["", "x" * 101, ".a", "-a", "a b", "a/b", "ä", "a\n", "a}", "a\0", "..", "a:b"]
)
def test_bad_names(name: str) -> None:
    assert not is_name(name)
    assert reference_of({"secret": name}) is None
    assert reference_fault({"secret": name})


@pytest.mark.parametrize("name", ["pg", "a/b", "db/pg.password", "_x"])
def test_good_names_of_files(name: str) -> None:
    assert is_file_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "..", "../x", "a/../b", "a/..", ".ssh/id", "a//b", "a/", "./a", "x" * 201],
)
def test_names_that_could_lead_out_of_the_folder_are_none(name: str) -> None:
    assert not is_file_name(name)
    assert reference_fault({"secret_file": name})


@pytest.mark.parametrize(
    "value",
    [{}, {"secret": 1}, {"secret": None}, {"secret": "a", "x": 1}, {"Secret": "a"}, {"name": "a"}],
)
def test_other_objects_are_no_references(value: dict[str, Any]) -> None:
    assert reference_of(value) is None
    assert reference_fault(value)


def test_only_texts_of_a_kind_that_can_be_in_an_environment_are_values() -> None:
    assert value_fault("a\nb") is None
    assert value_fault("é" * 32 * 1024) is None
    for value in ("", "a\0b", "\ud800", "é" * 32 * 1024 + "x"):
        assert value_fault(value)


def test_placeholders_are_found_in_texts() -> None:
    text = "Bearer ${secret:api} ${secret_file:a/b} $secret:x ${secret: y} ${PARAM_X}"
    assert list(references_in_text(text)) == [
        Reference(Kind.STORED, "api"),
        Reference(Kind.FILE, "a/b"),
    ]
    assert misspelt_placeholder(text) == "${secret:"
    assert misspelt_placeholder("${secret:a}${secret_file:../x}") == "${secret_file:../x}"
    assert misspelt_placeholder("${secret:a} ${secrets} $secret") is None
    assert whole_placeholder("${secret:a}") == Reference(Kind.STORED, "a")
    assert whole_placeholder("${secret:a} ") is None


def test_the_names_that_a_task_uses() -> None:
    env = {"A": {"secret": "pg"}, "B": "${secret:no}", "C": {"secret": "pg"}}
    http = {"headers": {"X": {"secret": "h"}, "Y": "a ${secret:y}"}, "body": "${secret:b}"}
    assert stored_names(env, http) == ["b", "h", "pg", "y"]
    assert [place for _, place in references_in(env, http)] == [
        *("/env/A", "/env/C", "/http/headers/X", "/http/headers/Y", "/http/body"),
    ]
    assert stored_names({"A": "x"}, None) is None
    assert stored_names({}, {"headers": {}, "body": None}) is None
    assert stored_names({"A": {"secret_file": "x"}}, None) == []
    assert stored_names(None, {"headers": {}, "body": {"secret": "whole"}}) == ["whole"]
