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


@pytest.mark.parametrize("char", ["\n", "\r", "\t", "\x01", "\x1b", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize(("path", "document", "field", "pointer"), PLACES)
def test_a_control_character_in_a_name_is_refused(
    anna: Person, path: str, document: dict[str, object], field: str, pointer: str, char: str
) -> None:
    name = f"a{char}b@example.com" if field == "email" else f"a{char}b"
    changed = {**document, field: name}
    if "items" in document:
        changed = {"items": [{"command": "x", field: name}]}
    answer = anna.post(path, json=changed)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_name_made_of_a_command_is_one_line(anna: Person) -> None:
    assert anna.task(command="echo\ta \x1b[31m\nb")["name"] == "echo a \\x1b[31m"


def test_a_name_in_any_script_is_kept(anna: Person) -> None:
    name = "ночь 夜 \u200dنیم‌شب 🌙"
    assert anna.task(name=name)["name"] == name
