"""Queues as admins list and share them out, over the API and on the pages."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.conftest import Person
from tests.integration.api.pages.visitor import Visitor, visit
from tests.integration.api.queues.conftest import close
from tests.support.steps import new_worker

OPEN = {"is_closed": False, "teams": [], "workers": [], "slots": 0, "refused": 0}


def test_admins_list_queues_with_their_teams_and_workers(
    admin: Person, anna: Person, ben: Person, engine: Engine
) -> None:
    new_worker(engine, name="w-1", queues=["gpu"])
    anna.task(queue="mail")
    close(admin, "ben", "anna")
    assert admin.items("/queues/") == [
        {"name": "default", **OPEN},
        {
            **OPEN,
            "name": "gpu",
            "is_closed": True,
            "teams": ["anna", "ben"],
            "workers": ["w-1"],
            "slots": 16,
        },
        {"name": "mail", **OPEN},
    ]
    assert admin.get("/queues/mail/").get_json() == {"name": "mail", **OPEN}
    assert admin.get("/queues/nothing/").status_code == 404


def test_put_and_patch_set_the_teams_and_the_record_has_them(admin: Person, anna: Person) -> None:
    close(admin, "anna", queue="new")
    assert admin.call("PATCH", "/queues/new/", json={}).get_json()["teams"] == ["anna"]
    answer = admin.call("PATCH", "/queues/new/", json={"teams": ["admin"]})
    assert answer.get_json()["teams"] == ["admin"]
    assert admin.call("PUT", "/queues/new/", json={"teams": []}).get_json() == {
        "name": "new",
        **OPEN,
    }
    events = admin.items("/audit/?action=queue.update")
    assert [event["changes"]["teams"] for event in events] == [
        [["admin"], []],
        [["anna"], ["admin"]],
        [[], ["anna"]],
    ]
    assert anna.items("/audit/?action=queue.update") == []


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/queues/gpu/", {"teams": ["anna", "no-such-team"]}, "/teams/1"),
        ("/queues/gpu/", {"teams": ["\x00"]}, "/teams/0"),
        ("/queues/gpu/", {"teams": "anna"}, "/teams"),
        ("/queues/gpu/", {}, "/teams"),
        ("/queues/gpu/", {"teams": [], "slots": 1}, "/slots"),
        ("/queues/GPU/", {"teams": ["anna"]}, "/name"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(
    admin: Person, anna: Person, path: str, body: object, pointer: str
) -> None:
    answer = admin.call("PUT", path, json=body)
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [pointer]
    assert [queue["name"] for queue in admin.items("/queues/")] == ["default"]


def test_others_are_refused(anna: Person) -> None:
    for method, path in (("GET", "/queues/"), ("GET", "/queues/x/"), ("PUT", "/queues/x/")):
        body = {"json": {"teams": ["anna"]}} if method == "PUT" else {}
        assert anna.call(method, path, **body).status_code == 403


@pytest.fixture
def root(client: FlaskClient, admin: Person) -> Visitor:
    """An admin with a browser."""
    visitor = visit(client)
    path = f"/users/{visitor.person.username}/"
    assert admin.call("PATCH", path, json={"is_admin": True}).status_code == 200
    return visitor


def test_a_queue_is_closed_changed_and_opened_on_the_pages(
    root: Visitor, admin: Person, anna: Person
) -> None:
    assert 'href="/queues/"' in root.get("/teams/").text
    answer = root.post("/queues/", name="gpu", teams="anna, admin")
    assert answer.status_code == 302
    html = root.get("/queues/").text
    assert 'id="queue-gpu"' in html
    assert 'href="/team/anna/"' in html
    assert root.get("/queues/gpu/").text.count("admin\nanna") == 1
    assert root.post("/queues/gpu/", teams="anna").status_code == 302
    assert admin.get("/queues/gpu/").get_json()["teams"] == ["anna"]
    assert root.post("/queues/gpu/", teams="").status_code == 302
    assert "queue-gpu" not in root.get("/queues/").text


def test_faults_are_shown_at_their_fields_and_nothing_typed_is_lost(root: Visitor) -> None:
    wrong = root.post("/queues/", name="gpu", teams="no-such-team")
    assert wrong.status_code == 422
    assert "There is no team no-such-team." in wrong.text
    assert ">\nno-such-team</textarea>" in wrong.text
    assert root.post("/queues/", name="GPU", teams=root.person.username).status_code == 422
    empty = root.post("/queues/", name="gpu", teams="")
    assert empty.status_code == 422
    assert "Name one team or more" in empty.text
    change = root.post("/queues/gpu/", teams="no-such-team")
    assert change.status_code == 422
    assert root.get("/queues/GPU/").status_code == 404


def test_the_form_of_a_task_says_at_the_field_that_the_queue_is_closed(
    root: Visitor, client: FlaskClient, admin: Person
) -> None:
    bob = visit(client)
    close(admin, "admin")
    answer = bob.post("/task/create/", command="true", kind="hand", queue="gpu")
    assert answer.status_code == 422
    assert "may not use the queue gpu" in answer.text
    assert 'id="queue-wrong"' in answer.text
