"""Teams with secrets, for the tests here."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import Person, register


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


def create(person: Person, name: str = "pg", value: str = "correct-horse", **more: Any) -> Any:
    """A new secret as it is answered."""
    answer = person.post("/secrets/", json={"name": name, "value": value, **more})
    assert answer.status_code == 201, answer.json
    return answer.get_json()
