"""Tokens of people and teams, for the tests here."""

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import Person, register


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, who may do everything everywhere; those of the tests come after."""
    return register(client, "admin")


@pytest.fixture
def ops(anna: Person) -> str:
    """A team that Anna owns."""
    body = {"slug": "ops", "name": "Operations"}
    assert anna.post("/teams/", json=body).status_code == 201
    return "ops"


def create(owner: Person, **values: Any) -> dict[str, Any]:
    """A new token as it is answered."""
    answer = owner.post("/tokens/", json={"name": "deploy", **values})
    assert answer.status_code == 201, answer.json
    document: dict[str, Any] = answer.get_json()
    return document


def program(owner: Person, **values: Any) -> Person:
    """What a program does that has a new token of this owner."""
    made = create(owner, **values)
    return Person(owner.client, owner.username, made["token"], uuid.UUID(made["id"]))
