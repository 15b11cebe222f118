"""Teams with channels and rules, for the tests here."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import Person, register

URL = "https://hooks.example.com/services/T0-top-secret?key=abc"


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, who may do everything everywhere; those of the tests come after."""
    return register(client, "admin")


@pytest.fixture
def ops(anna: Person, ben: Person) -> str:
    """A team that Anna owns and in which Ben is an editor."""
    assert anna.post("/teams/", json={"slug": "ops", "name": "Operations"}).status_code == 201
    member = {"username": ben.username, "role": "editor"}
    assert anna.post("/teams/ops/members/", json=member).status_code == 201
    return "ops"


def webhook(person: Person, name: str = "hook", url: str = URL, **more: Any) -> Any:
    """A new webhook as it is answered."""
    sent = {"name": name, "kind": "webhook", "url": url, **more}
    answer = person.post("/channels/", json=sent)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def mailbox(person: Person, name: str = "mail", **more: Any) -> Any:
    """A new channel of mail as it is answered."""
    sent = {"name": name, "kind": "email", "to": ["ops@example.com"], **more}
    answer = person.post("/channels/", json=sent)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def rule(person: Person, channel: str, **more: Any) -> Any:
    """A new rule as it is answered."""
    answer = person.post("/alerts/", json={"channel": channel, "on": ["failed"], **more})
    assert answer.status_code == 201, answer.json
    return answer.get_json()
