"""Admins see and change all users; the first user is one, and one always stays."""

from flask.testing import FlaskClient

from tests.integration.api.conftest import PASSWORD, Person


def change(admin: Person, username: str, **body: bool) -> int:
    """The status of a change that an admin asks for."""
    return admin.call("PATCH", f"/users/{username}/", json=body).status_code


def test_the_first_user_is_admin_and_the_next_is_not(anna: Person, ben: Person) -> None:
    assert [(one["username"], one["is_admin"]) for one in anna.items("/users/")] == [
        ("ben", False),
        ("anna", True),
    ]
    assert anna.get("/users/BEN/").get_json()["disabled_at"] is None
    assert anna.get("/users/nemo/").status_code == 404


def test_only_admins_see_and_change_users(anna: Person, ben: Person) -> None:
    for method, path in [("GET", "/users/"), ("GET", "/users/ben/"), ("PATCH", "/users/ben/")]:
        answer = ben.call(method, path, json={"is_admin": True})
        assert answer.status_code == 403, path
        assert answer.get_json()["detail"] == "This needs an admin of this installation."
    assert anna.get("/users/ben/").get_json()["is_admin"] is False


def test_users_are_paged_and_searched(anna: Person, ben: Person) -> None:
    first = anna.get("/users/?limit=1").get_json()
    assert [one["username"] for one in first["items"]] == ["ben"]
    rest = anna.items(f"/users/?limit=1&cursor={first['next_cursor']}")
    assert [one["username"] for one in rest] == ["anna"]
    assert [one["username"] for one in anna.items("/users/?q=BE")] == ["ben"]
    assert str(ben.id) == anna.items("/users/?q=ben@example")[0]["id"]


def test_a_user_is_shown_with_the_last_login_on_record(anna: Person, ben: Person) -> None:
    who = {"username": "ben", "password": PASSWORD}
    first = anna.get("/users/ben/").get_json()["last_login_at"]
    assert first > ben.get("/account/").get_json()["created_at"]
    ben.post("/login/", json=who)
    ben.post("/login/", json={**who, "password": "no"})
    second = anna.get("/users/ben/").get_json()["last_login_at"]
    assert second > first
    assert anna.items("/users/?q=ben")[0]["last_login_at"] == second
    changed = anna.call("PATCH", "/users/ben/", json={"disabled": True}).get_json()
    assert changed["last_login_at"] == second


def test_a_disabled_user_is_out_at_once_and_back_after(
    client: FlaskClient, anna: Person, ben: Person
) -> None:
    who = {"username": "ben", "password": PASSWORD}
    task = ben.task()["id"]
    assert change(anna, "ben", disabled=True) == 200
    assert anna.get("/users/ben/").get_json()["disabled_at"] is not None
    assert ben.get(f"/tasks/{task}/").status_code == 401
    assert client.post("/api/login/", json=who).status_code == 403
    assert client.post("/api/login/", json={**who, "password": "no"}).status_code == 401
    assert change(anna, "ben", disabled=False) == 200
    assert ben.get(f"/tasks/{task}/").status_code == 401  # the old token has ended
    assert client.post("/api/login/", json=who).status_code == 200


def test_the_last_admin_stays(anna: Person, ben: Person) -> None:
    assert change(anna, "anna", is_admin=False) == 409
    assert change(anna, "anna", disabled=True) == 409
    assert change(anna, "ben", is_admin=True) == 200
    assert change(anna, "anna", is_admin=False) == 200
    assert change(anna, "ben", is_admin=False) == 403
    assert change(ben, "ben", disabled=True) == 409


def test_an_admin_may_do_all_in_every_team(anna: Person, ben: Person) -> None:
    task = ben.task()["id"]
    seen = anna.get(f"/tasks/{task}/")
    assert (seen.status_code, seen.get_json()["team"]) == (200, "ben")
    assert anna.call("PATCH", f"/tasks/{task}/", json={"name": "new"}).status_code == 200
    assert anna.items("/tasks/") == []
    assert [one["id"] for one in anna.items("/tasks/?team=ben")] == [task]
    assert anna.task(team="ben")["team"] == "ben"
    assert anna.get("/teams/ben/").get_json()["role"] == "owner"
    added = anna.post("/teams/ben/members/", json={"username": "anna", "role": "viewer"})
    assert added.status_code == 201
    assert ben.get("/teams/anna/").status_code == 404


def test_a_slug_that_no_database_can_hold_names_no_team(anna: Person) -> None:
    assert anna.get("/tasks/?team=a%00b").status_code == 422
    assert anna.get("/teams/a%00b/").status_code == 404
