"""What people call things is one line of text, wherever it is taken."""

import pytest

from tests.integration.api.conftest import PASSWORD, Person

PLACES = [
    ("/tasks/", {"command": "x"}, "name", "/name"),
    ("/tasks/bulk/", {"items": [{"command": "x"}]}, "name", "/items/0/name"),
    ("/calendars/", {}, "name", "/name"),
    ("/concurrency/", {"max_concurrent": 1}, "tag", "/tag"),
    ("/register/", {"password": PASSWORD, "email": "a@example.com"}, "username", "/username"),
    ("/register/", {"password": PASSWORD, "username": "carl"}, "email", "/email"),
]


UNSEEN = ["\n", "\r", "\t", "\x01", "\x1b", "\x7f", "\x85", "\u2028"]
UNSEEN += ["\u202e", "\u200b", "\u2066", "\u00ad", "\u3164", "\ue000", "\u0378", "\uffff"]


@pytest.mark.parametrize("char", UNSEEN, ids=ascii)
@pytest.mark.parametrize(("path", "document", "field", "pointer"), PLACES)
def test_a_character_that_does_not_show_in_a_name_is_refused(
    anna: Person, path: str, document: dict[str, object], field: str, pointer: str, char: str
) -> None:
    name = f"a{char}b@example.com" if field == "email" else f"a{char}b"
    changed = {**document, field: name}
    if "items" in document:
        changed = {"items": [{"command": "x", field: name}]}
    answer = anna.post(path, json=changed)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("name", [" ", "\u00a0", "\u2800"], ids=ascii)
@pytest.mark.parametrize(("path", "document", "field"), [place[:3] for place in PLACES[:4]])
def test_a_name_that_looks_empty_is_refused(
    anna: Person, path: str, document: dict[str, object], field: str, name: str
) -> None:
    changed = {**document, field: name}
    if "items" in document:
        changed = {"items": [{"command": "x", field: name}]}
    assert anna.post(path, json=changed).status_code == 422


def test_a_tag_that_does_not_show_is_refused(anna: Person) -> None:
    answer = anna.post("/tasks/", json={"command": "x", "tags": ["a\u200bb"]})
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/tags/0"]


def test_a_name_made_of_a_command_shows_what_would_hide(anna: Person) -> None:
    assert anna.task(command="echo \u202egpj\u200b")["name"] == "echo \\u202egpj\\u200b"


def test_a_name_made_of_a_command_is_one_line(anna: Person) -> None:
    assert anna.task(command="echo\ta \x1b[31m\nb")["name"] == "echo a \\x1b[31m"


def test_a_name_in_any_script_is_kept(anna: Person) -> None:
    name = "ночь 夜 \u200dنیم‌شب 🌙"
    assert anna.task(name=name)["name"] == name
