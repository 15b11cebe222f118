"""What a token's role and team allow, call by call, and what no access token may do."""

import uuid

import pytest

from tests.integration.api.accounts.test_roles import BODIES, CALLS, ORDER
from tests.integration.api.conftest import Person
from tests.integration.api.tokens.conftest import create, program


def objects(owner: Person, team: str) -> dict[str, str]:
    """One object of each kind in a team."""
    task = owner.task(team=team)["id"]
    calendar = {"name": "days", "timezone": "UTC", "days": ["2030-01-01"], "team": team}
    limit = {"tag": "db", "max_concurrent": 2, "team": team}
    return {
        "task": task,
        "run": owner.post(f"/tasks/{task}/run/").get_json()["id"],
        "calendar": owner.post("/calendars/", json=calendar).get_json()["id"],
        "limit": owner.post("/concurrency/", json=limit).get_json()["id"],
    }


@pytest.mark.parametrize("owned_by", ["anna", "ops"])
@pytest.mark.parametrize("role", ORDER)
def test_a_token_may_call_what_its_role_allows(
    anna: Person, ops: str, role: str, owned_by: str
) -> None:
    ids = objects(anna, ops)
    token = program(anna, role=role, **({"team": ops} if owned_by == "ops" else {}))
    for needed, method, path in CALLS:
        answer = token.call(method, path.format(**ids), json=BODIES.get((method, path), {}))
        allowed = ORDER.index(role) >= ORDER.index(needed)
        assert (answer.status_code == 403) != allowed, (method, path, answer.get_json())
        assert answer.status_code != 404, (method, path)
        if not allowed:
            sentence = f"This needs the role {needed} in the team ops; this token is {role} there."
            assert answer.get_json()["detail"] == sentence


def test_a_token_may_never_more_than_its_user_may(anna: Person, ben: Person, ops: str) -> None:
    member = {"username": "ben", "role": "viewer"}
    anna.post("/teams/ops/members/", json=member)
    token = program(ben, role="owner")
    task = anna.task(team=ops)["id"]
    assert token.get(f"/tasks/{task}/").status_code == 200
    assert token.post(f"/tasks/{task}/run/").status_code == 403
    anna.call("PATCH", "/teams/ops/members/ben/", json={"role": "operator"})
    assert token.post(f"/tasks/{task}/run/").status_code == 202
    anna.call("DELETE", "/teams/ops/members/ben/")
    assert token.get(f"/tasks/{task}/").status_code == 404


@pytest.mark.parametrize("role", ORDER[:3])
def test_only_owners_make_see_and_end_a_teams_tokens(
    anna: Person, ben: Person, ops: str, role: str
) -> None:
    token = program(anna, team=ops)
    anna.post("/teams/ops/members/", json={"username": "ben", "role": role})
    assert ben.post("/tokens/", json={"name": "x", "team": ops}).status_code == 403
    assert ben.get("/tokens/?team=ops").status_code == 403
    assert ben.call("DELETE", "/tokens/?team=ops").status_code == 403
    assert ben.call("DELETE", f"/tokens/{token.id}/").status_code == 403
    assert token.get("/tasks/").status_code == 200


def test_a_teams_token_acts_in_its_team_alone(anna: Person, ops: str) -> None:
    hers = anna.task()["id"]
    token = program(anna, team=ops, name="deploy")
    made = token.task()
    assert (made["team"], made["created_by"]) == ("ops", "deploy (token)")
    assert [one["id"] for one in token.items("/tasks/")] == [made["id"]]
    assert [(team["slug"], team["role"]) for team in token.items("/teams/")] == [("ops", "editor")]
    assert token.get(f"/tasks/{hers}/").status_code == 404
    assert token.get("/tasks/?team=anna").status_code == 422
    assert token.call("PATCH", f"/tasks/{made['id']}/", json={"team": "anna"}).status_code == 422
    assert anna.get(f"/tasks/{made['id']}/").get_json()["created_by"] == "deploy (token)"


def test_a_teams_token_lives_on_without_its_maker(
    admin: Person, anna: Person, ben: Person, ops: str
) -> None:
    token = program(anna, team=ops)
    anna.post("/teams/ops/members/", json={"username": "ben", "role": "owner"})
    assert anna.post("/teams/ops/leave/").status_code == 204
    assert token.get("/tasks/").status_code == 200
    assert admin.call("PATCH", "/users/anna/", json={"disabled": True}).status_code == 200
    assert token.task()["team"] == "ops"
    assert [one["created_by"] for one in ben.items("/tokens/?team=ops")] == ["anna"]
    assert ben.call("DELETE", f"/tokens/{token.id}/").status_code == 204
    assert token.get("/tasks/").status_code == 401


def test_a_teams_token_goes_with_its_team(anna: Person, ops: str) -> None:
    token = program(anna, team=ops)
    assert anna.call("DELETE", f"/teams/{ops}/").status_code == 204
    assert token.get("/tasks/").status_code == 401


def test_keys_of_two_tokens_of_a_team_are_apart(anna: Person, ops: str) -> None:
    key = {"Idempotency-Key": "once"}
    body = {"command": "true"}
    first, second = program(anna, team=ops), program(anna, team=ops)
    ids = [
        token.post("/tasks/", json=body, headers=key).get_json()["id"]
        for token in (first, first, second)
    ]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("values", [{}, {"role": "owner"}, {"team": "ops", "role": "owner"}])
def test_no_access_token_makes_lists_or_ends_tokens(
    anna: Person, ops: str, values: dict[str, str]
) -> None:
    token = program(anna, **values)
    for method, path in [
        ("GET", f"/tokens/?team={ops}"),
        ("POST", "/tokens/"),
        ("DELETE", "/tokens/"),
        ("DELETE", f"/tokens/{token.id}/"),
    ]:
        answer = token.call(method, path, json={"name": "more"} if method == "POST" else None)
        assert answer.status_code == 403, (method, path)
        assert answer.get_json()["detail"].startswith("An access token cannot do this. Log in")
    assert token.get("/tasks/").status_code == 200


def test_a_limited_token_creates_no_team_and_is_no_admin(
    admin: Person, anna: Person, ops: str
) -> None:
    for token in (program(anna, role="owner"), program(anna, team=ops, role="owner")):
        assert token.post("/teams/", json={"slug": "web", "name": "Web"}).status_code == 403
    assert program(admin).get("/users/").status_code == 200
    assert program(admin, role="owner").get("/users/").status_code == 403
    task = anna.task()["id"]
    assert program(admin).get(f"/tasks/{task}/").status_code == 200
    assert program(admin, role="owner").get(f"/tasks/{task}/").status_code == 404


def test_an_unknown_token_opens_nothing(anna: Person) -> None:
    for token in ("pct_", "pct_unknown", create(anna)["token"].replace("pct_", "pt_")):
        stranger = Person(anna.client, "nemo", token, uuid.uuid4())
        assert stranger.get("/tasks/").status_code == 401
