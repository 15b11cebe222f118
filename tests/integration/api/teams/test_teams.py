"""Teams by the API: made, joined, changed, left and deleted, and what stays refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person, register, run_sql


@pytest.fixture
def cleo(client: FlaskClient) -> Person:
    """A third user."""
    return register(client, "cleo")


@pytest.fixture
def ops(anna: Person) -> str:
    """The path of a team that Anna has made."""
    answer = anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == "/api/teams/ops/"
    return "/teams/ops/"


def add(owner: Person, team: str, person: Person, role: str) -> None:
    """Have an owner add a user."""
    body = {"username": person.username, "role": role}
    answer = owner.post(f"{team}members/", json=body)
    assert answer.status_code == 201, answer.json
    assert answer.get_json()["role"] == role


def members(person: Person, team: str) -> dict[str, str]:
    """The role of each member."""
    return {item["username"]: item["role"] for item in person.items(f"{team}members/")}


def changed(person: Person, method: str, path: str, **body: Any) -> tuple[int, str]:
    """The status of a call, and what it says."""
    answer = person.call(method, path, json=body)
    return answer.status_code, (answer.get_json() or {}).get("detail", "") if answer.data else ""


def test_a_user_begins_with_a_personal_team_named_like_the_user(anna: Person) -> None:
    [own] = anna.items("/teams/")
    assert (own["slug"], own["personal"], own["role"]) == ("anna", True, "owner")
    assert own["id"] == str(anna.id)
    assert anna.get("/teams/ANNA/").get_json() == own


def test_the_maker_of_a_team_is_its_owner(anna: Person, ops: str) -> None:
    made = anna.get(ops).get_json()
    assert (made["slug"], made["name"], made["role"]) == ("ops", "Operations", "owner")
    assert [team["slug"] for team in anna.items("/teams/")] == ["anna", "ops"]
    assert members(anna, ops) == {"anna": "owner"}


def test_a_stranger_finds_no_team(anna: Person, ben: Person, ops: str) -> None:
    missing = ben.get("/teams/none/").get_json()["detail"]
    for method, path in [
        ("GET", ops),
        ("PATCH", ops),
        ("DELETE", ops),
        ("POST", f"{ops}leave/"),
        ("GET", f"{ops}members/"),
        ("POST", f"{ops}members/"),
        ("PATCH", f"{ops}members/anna/"),
        ("DELETE", f"{ops}members/anna/"),
    ]:
        assert changed(ben, method, path) == (404, missing), (method, path)
    assert members(anna, ops) == {"anna": "owner"}


@pytest.mark.parametrize("role", ["viewer", "operator", "editor"])
def test_only_owners_change_a_team_and_its_members(
    anna: Person, ben: Person, ops: str, role: str
) -> None:
    add(anna, ops, ben, role)
    assert ben.get(ops).get_json()["role"] == role
    assert members(ben, ops) == {"anna": "owner", "ben": role}
    for method, path in [
        ("PATCH", ops),
        ("DELETE", ops),
        ("POST", f"{ops}members/"),
        ("PATCH", f"{ops}members/ben/"),
        ("DELETE", f"{ops}members/anna/"),
    ]:
        status, detail = changed(ben, method, path, role="owner")
        assert status == 403, (method, path)
        assert detail == f"This needs the role owner in the team ops; you are {role} there."
    assert members(anna, ops) == {"anna": "owner", "ben": role}


def test_an_owner_changes_roles_and_removes_members(
    anna: Person, ben: Person, cleo: Person, ops: str
) -> None:
    add(anna, ops, ben, "viewer")
    assert anna.call("PATCH", f"{ops}members/BEN/", json={"role": "owner"}).status_code == 200
    add(ben, ops, cleo, "editor")
    assert ben.call("DELETE", f"{ops}members/anna/").status_code == 204
    assert members(ben, ops) == {"ben": "owner", "cleo": "editor"}
    assert anna.get(ops).status_code == 404


def test_the_last_owner_stays(anna: Person, ben: Person, ops: str) -> None:
    add(anna, ops, ben, "editor")
    detail = "anna is the last owner: make another one before."
    assert changed(anna, "DELETE", f"{ops}members/anna/") == (409, detail)
    assert changed(anna, "PATCH", f"{ops}members/anna/", role="viewer") == (409, detail)
    assert changed(anna, "POST", f"{ops}leave/") == (409, detail)
    assert anna.call("PATCH", f"{ops}members/anna/", json={"role": "owner"}).status_code == 200


def test_two_owners_who_leave_at_once_leave_one_behind(
    anna: Person, ben: Person, ops: str, engine: Engine
) -> None:
    add(anna, ops, ben, "owner")
    with engine.connect() as blocking, ThreadPoolExecutor(2) as pool:
        blocking.execute(text("SELECT FROM teams WHERE slug = 'ops' FOR UPDATE"))
        left = [pool.submit(person.post, f"{ops}leave/") for person in (anna, ben)]
        blocking.rollback()
        assert sorted(one.result().status_code for one in left) == [204, 409]


def test_a_member_may_leave_whatever_the_role(anna: Person, ben: Person, ops: str) -> None:
    add(anna, ops, ben, "viewer")
    assert ben.post(f"{ops}leave/").status_code == 204
    assert members(anna, ops) == {"anna": "owner"}
    assert ben.get(ops).status_code == 404


def test_a_personal_team_is_neither_deleted_nor_left_nor_renamed_by_slug(
    anna: Person, ben: Person
) -> None:
    own = "/teams/anna/"
    add(anna, own, ben, "owner")
    assert changed(ben, "DELETE", own)[0] == 409
    assert changed(anna, "POST", f"{own}leave/")[0] == 409
    assert changed(ben, "DELETE", f"{own}members/anna/")[0] == 409
    assert changed(ben, "PATCH", f"{own}members/anna/", role="viewer")[0] == 409
    assert changed(anna, "PATCH", own, slug="other")[0] == 409
    assert anna.call("PATCH", own, json={"name": "Anna's"}).get_json()["name"] == "Anna's"


def test_a_slug_is_taken_once_whatever_its_letter_case(
    client: FlaskClient, anna: Person, ben: Person, ops: str
) -> None:
    status, detail = changed(ben, "POST", "/teams/", slug="ops", name="Others")
    assert (status, detail) == (409, "That slug is taken.")
    assert changed(ben, "POST", "/teams/", slug="anna", name="Hers")[0] == 409
    ben.post("/teams/", json={"slug": "web", "name": "Web"})
    assert changed(ben, "PATCH", "/teams/web/", slug="ops")[0] == 409
    who = {"username": "Ops", "password": "correct horse battery", "email": "o@example.com"}
    assert client.post("/api/register/", json=who).status_code == 409


@pytest.mark.parametrize("slug", ["", "x", "Ops", "-ops", "ops-", "o ps", "ö-team", "a" * 41, 7])
def test_a_slug_that_reads_differently_elsewhere_is_refused(anna: Person, slug: object) -> None:
    answer = anna.post("/teams/", json={"slug": slug, "name": "Operations"})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/slug"]


def test_a_renamed_team_is_found_by_its_new_slug_alone(anna: Person, ops: str) -> None:
    assert anna.call("PATCH", ops, json={"slug": "platform"}).get_json()["slug"] == "platform"
    assert anna.get(ops).status_code == 404
    assert anna.get("/teams/platform/").get_json()["name"] == "Operations"


def test_only_users_who_are_not_members_are_added(anna: Person, ben: Person, ops: str) -> None:
    add(anna, ops, ben, "viewer")
    assert changed(anna, "POST", f"{ops}members/", username="Ben", role="editor")[0] == 409
    answer = anna.post(f"{ops}members/", json={"username": "nemo", "role": "editor"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/username"
    answer = anna.post(f"{ops}members/", json={"username": "ben", "role": "boss"})
    assert answer.get_json()["errors"][0]["pointer"] == "/role"
    assert changed(anna, "PATCH", f"{ops}members/nemo/", role="viewer")[0] == 404


def test_a_team_with_enabled_or_running_tasks_is_not_deleted(
    anna: Person, ops: str, engine: Engine
) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    for table in ("tasks", "runs"):
        run_sql(engine, f"UPDATE {table} SET team_id = (SELECT id FROM teams WHERE slug = 'ops')")
    status, detail = changed(anna, "DELETE", ops)
    assert status == 409
    assert detail.startswith("It has a task that is enabled or running")
    anna.post(f"/tasks/{task['id']}/pause/")
    assert changed(anna, "DELETE", ops)[0] == 409
    assert anna.post(f"/runs/{run['id']}/cancel/").status_code == 202
    assert anna.call("DELETE", ops).status_code == 204
    assert anna.get(ops).status_code == 404
    assert anna.get(f"/tasks/{task['id']}/").status_code == 404


def test_a_user_is_in_a_hundred_teams_at_most(anna: Person, engine: Engine) -> None:
    run_sql(
        engine,
        "WITH made AS (INSERT INTO teams (id, slug, name)"
        " SELECT gen_random_uuid(), 't-' || n, 'T' FROM generate_series(1, 99) AS n RETURNING id)"
        " INSERT INTO memberships (team_id, user_id, role) SELECT id, :anna, 'viewer' FROM made",
        anna=anna.id,
    )
    status, detail = changed(anna, "POST", "/teams/", slug="one-more", name="One more")
    assert (status, detail) == (409, "You are in 100 teams already, which is the most.")
    assert len(anna.items("/teams/")) == 100
