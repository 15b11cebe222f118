"""Slots of a team: set by admins alone, shown to its members, and named by what waits."""

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from punctual.store.concurrency.team_slots import set_default
from tests.integration.api.conftest import Person
from tests.integration.api.pages.visitor import Visitor, visit
from tests.support.rows import dispatch_all
from tests.support.steps import new_worker, start_run

PATH = "/teams/anna/"


def slots(person: Person, path: str = PATH) -> tuple[int | None, int | None]:
    team: dict[str, Any] = person.get(path).get_json()
    return team["max_slots"], team["effective_max_slots"]


def test_an_admin_sets_them_and_the_installation_has_a_number_for_all_others(
    admin: Person, anna: Person, engine: Engine
) -> None:
    assert slots(anna) == (None, None)
    answer = admin.call("PATCH", PATH, json={"max_slots": 4})
    assert answer.get_json()["max_slots"] == 4
    assert slots(anna) == (4, 4)
    with engine.begin() as connection:
        set_default(connection, 2)
    assert slots(anna) == (4, 4)
    assert slots(admin, "/teams/admin/") == (None, 2)
    made = anna.post("/teams/", json={"slug": "ops", "name": "Ops"}).get_json()
    assert (made["max_slots"], made["effective_max_slots"]) == (None, 2)
    admin.call("PATCH", PATH, json={"max_slots": 0})
    assert slots(anna) == (0, None)
    admin.call("PATCH", PATH, json={"max_slots": None})
    assert slots(anna) == (None, 2)
    changes = [event["changes"] for event in anna.items("/audit/?team=anna&action=team.update")]
    assert [one["max_slots"] for one in changes] == [
        [0, None],
        [4, 0],
        [None, 4],
    ]


def test_an_owner_is_refused_and_nothing_else_changes_either(anna: Person) -> None:
    answer = anna.call("PATCH", PATH, json={"max_slots": 100, "name": "Other"})
    assert answer.status_code == 403
    assert anna.get(PATH).get_json()["name"] == "anna"
    assert anna.call("PATCH", PATH, json={"name": "Other"}).status_code == 200


@pytest.mark.parametrize("wrong", [-1, 1.5, "4", True, 10**6])
def test_what_is_no_number_of_slots_is_refused(admin: Person, anna: Person, wrong: object) -> None:
    answer = admin.call("PATCH", PATH, json={"max_slots": wrong})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.get_json()["errors"]] == ["/max_slots"]


def test_what_waits_for_a_slot_says_so_with_figures(
    admin: Person, anna: Person, engine: Engine
) -> None:
    admin.call("PATCH", PATH, json={"max_slots": 1})
    worker = new_worker(engine)
    first, second = (
        anna.post(f"/tasks/{anna.task()['id']}/run/").get_json()["id"] for _ in range(2)
    )
    start_run(engine, uuid.UUID(first), worker)
    dispatch_all(engine)
    waits = anna.get(f"/runs/{second}/").get_json()["waiting_for"]
    assert waits == {
        "code": "team_slots",
        "args": {"team": "anna", "slots": 1, "running": 1},
        "sentence": "no slot of team anna is free (1 of 1 running)",
    }
    assert anna.items("/concurrency/") == []


@pytest.fixture
def root(client: FlaskClient, admin: Person) -> Visitor:
    """An admin with a browser."""
    visitor = visit(client)
    path = f"/users/{visitor.person.username}/"
    assert admin.call("PATCH", path, json={"is_admin": True}).status_code == 200
    return visitor


def test_the_page_of_a_team_shows_them_to_all_and_has_a_form_for_admins(
    root: Visitor, client: FlaskClient
) -> None:
    bob = visit(client)
    page = f"/team/{bob.person.username}/"
    assert "slots in use" not in bob.get(page).text
    assert 'name="max_slots"' not in bob.get(page).text
    assert root.post(f"{page}slots/", of=page, max_slots="3").status_code == 302
    assert "0 of 3 slots in use" in bob.get(page).text
    assert 'name="max_slots" type="text" value="3"' in root.get(page).text
    wrong = root.post(f"{page}slots/", of=page, max_slots="many")
    assert wrong.status_code == 422
    assert 'id="max_slots-wrong"' in wrong.text
    assert bob.post(f"{page}slots/", of=page, max_slots="9").status_code == 403
    assert root.post(f"{page}slots/", of=page, max_slots="").status_code == 302
    assert "slots in use" not in bob.get(page).text
