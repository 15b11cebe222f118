"""Access tokens: made, listed, used and ended by those who own them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from tests.integration.api.conftest import PASSWORD, Person, run_sql
from tests.integration.api.tokens.conftest import create, program

SHOWN = {"id", "name", "role", "team", "created_by", "created_at", "expires_at", "last_used_at"}


def test_a_new_token_is_shown_once_and_stored_as_a_hash(anna: Person, engine: Engine) -> None:
    made = create(anna, name="Nightly deploy")
    assert set(made) == SHOWN | {"token"}
    assert made["token"].startswith("pct_")
    assert (made["name"], made["role"], made["team"]) == ("Nightly deploy", None, None)
    assert (made["created_by"], made["expires_at"], made["last_used_at"]) == ("anna", None, None)
    [listed] = anna.items("/tokens/")
    assert listed == {key: value for key, value in made.items() if key != "token"}
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT t::text FROM access_tokens AS t")).scalars().all()
    assert made["token"] not in row


def test_a_token_without_a_role_may_what_its_user_may(anna: Person, ops: str) -> None:
    token = program(anna)
    task = token.task(team=ops)
    assert task["created_by"] == "anna"
    assert anna.get(f"/tasks/{task['id']}/").status_code == 200
    assert [team["slug"] for team in token.items("/teams/")] == ["anna", "ops"]
    assert token.post("/teams/", json={"slug": "web", "name": "Web"}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"role": "king"}, "/role"),
        ({"team": "nowhere"}, "/team"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"scope": "all"}, "/scope"),
    ],
)
def test_a_bad_token_is_refused_at_its_place(
    anna: Person, fields: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/tokens/", json={"name": "deploy", **fields})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert anna.items("/tokens/") == []


def test_a_token_ends_at_its_time(anna: Person, engine: Engine) -> None:
    token = program(anna, expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert token.get("/tasks/").status_code == 200
    run_sql(engine, "UPDATE access_tokens SET expires_at = now()")
    assert token.get("/tasks/").status_code == 401
    assert len(anna.items("/tokens/")) == 1  # so that its owner sees why


def test_tokens_are_ended_one_by_one_or_all(anna: Person, ben: Person) -> None:
    first, second, third, other = program(anna), program(anna), program(anna), program(ben)
    assert anna.call("DELETE", f"/tokens/{first.id}/").status_code == 204
    assert first.get("/tasks/").status_code == 401
    assert anna.call("DELETE", f"/tokens/{first.id}/").status_code == 404
    assert second.get("/tasks/").status_code == 200
    assert anna.call("DELETE", "/tokens/").status_code == 204
    assert second.get("/tasks/").status_code == third.get("/tasks/").status_code == 401
    assert other.get("/tasks/").status_code == 200
    assert anna.get("/tasks/").status_code == 200  # the login goes on


def test_a_token_may_log_itself_out(anna: Person) -> None:
    token = program(anna)
    assert token.post("/logout/").status_code == 204
    assert token.get("/tasks/").status_code == 401
    assert anna.items("/tokens/") == []


def test_a_stranger_neither_sees_nor_ends_a_token(anna: Person, ben: Person, ops: str) -> None:
    own, of_team = program(anna), program(anna, team=ops)
    for token in (own, of_team):
        assert ben.call("DELETE", f"/tokens/{token.id}/").status_code == 404
    assert ben.items("/tokens/") == []
    assert ben.get(f"/tokens/?team={ops}").status_code == 422
    assert own.get("/tasks/").status_code == of_team.get("/tasks/").status_code == 200


def test_another_owner_of_a_personal_team_has_no_part_in_its_users_tokens(
    anna: Person, ben: Person
) -> None:
    token = program(anna)
    member = {"username": "ben", "role": "owner"}
    assert anna.post("/teams/anna/members/", json=member).status_code == 201
    assert ben.items("/tokens/?team=anna") == []
    assert ben.call("DELETE", f"/tokens/{token.id}/").status_code == 404
    assert ben.call("DELETE", "/tokens/?team=anna").status_code == 204
    of_team = create(ben, team="anna")
    assert (of_team["team"], of_team["role"]) == ("anna", "editor")
    assert token.get("/tasks/").status_code == 200


def test_tokens_are_paged_newest_first(anna: Person) -> None:
    for name in ("a", "b", "c"):
        create(anna, name=name)
    first = anna.get("/tokens/?limit=2").get_json()
    rest = anna.get(f"/tokens/?limit=2&cursor={first['next_cursor']}").get_json()
    assert [one["name"] for one in first["items"] + rest["items"]] == ["c", "b", "a"]
    assert rest["next_cursor"] is None


def test_the_number_of_tokens_is_limited_and_the_answer_says_what_to_do(
    app: Flask, anna: Person, ops: str
) -> None:
    most = app.extensions["punctual"].max_tokens
    made = [create(anna) for _ in range(most)]
    refused = anna.post("/tokens/", json={"name": "more"})
    assert refused.status_code == 422
    assert refused.get_json()["detail"] == (
        "You have 100 access tokens, which is the most. End one that is not used any more,"
        " or ask an operator to raise PUNCTUAL_MAX_TOKENS."
    )
    create(anna, team=ops)  # a team has a number of its own
    assert anna.call("DELETE", f"/tokens/{made[0]['id']}/").status_code == 204
    create(anna)


def uses(engine: Engine) -> list[tuple[object, ...]]:
    """The last use of each token, and the row's version."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT last_used_at, xmin::text FROM access_tokens"))
        return [tuple(row) for row in rows]


def test_the_last_use_is_noted_once_a_minute_and_not_by_each_request(
    anna: Person, engine: Engine
) -> None:
    token = program(anna)
    assert anna.items("/tokens/")[0]["last_used_at"] is None
    token.get("/tasks/")
    first = uses(engine)
    assert anna.items("/tokens/")[0]["last_used_at"] is not None
    token.get("/tasks/")
    token.task()
    assert uses(engine) == first
    run_sql(engine, "UPDATE access_tokens SET last_used_at = now() - interval '61 s'")
    token.get("/tasks/")
    [(at, _)] = uses(engine)
    assert isinstance(at, datetime)
    assert datetime.now(UTC) - at < timedelta(seconds=60)


def test_requests_with_one_token_do_not_wait_for_each_other(anna: Person, engine: Engine) -> None:
    token = program(anna)
    with engine.begin() as other:
        other.execute(text("SELECT FROM access_tokens FOR UPDATE"))
        assert token.get("/tasks/").status_code == 200


def test_a_disabled_user_has_no_tokens_any_more(admin: Person, anna: Person, ops: str) -> None:
    own, of_team = program(anna), program(anna, team=ops)
    assert admin.call("PATCH", "/users/anna/", json={"disabled": True}).status_code == 200
    assert own.get("/tasks/").status_code == 401
    assert of_team.get("/tasks/").status_code == 200
    assert admin.call("PATCH", "/users/anna/", json={"disabled": False}).status_code == 200
    assert own.get("/tasks/").status_code == 401


def test_a_login_by_the_api_answers_as_before(anna: Person) -> None:
    answer = anna.client.post("/api/login/", json={"username": "anna", "password": PASSWORD})
    assert set(answer.get_json()) == {"token", "expires_at"}
    assert answer.get_json()["token"].startswith("pt_")
    assert anna.items("/tokens/") == []
