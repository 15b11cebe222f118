"""How many teams a user may be in, also by several requests at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.integration.api.conftest import PASSWORD, Person, run_sql
from tests.integration.api.invites.test_invites import csrf_of, invite
from tests.support.eventually import eventually
from tests.support.locks import waiting

LOCK = text("SELECT id FROM users WHERE id = :id FOR NO KEY UPDATE")


def be_in(engine: Engine, person: Person, number: int) -> None:
    """Has a user be in that many teams in addition to the personal one."""
    run_sql(
        engine,
        "WITH made AS (INSERT INTO teams (id, slug, name)"
        " SELECT gen_random_uuid(), 't-' || n, 'T' FROM generate_series(1, :number) AS n"
        " RETURNING id) INSERT INTO memberships (team_id, user_id, role)"
        " SELECT id, :user, 'viewer' FROM made",
        number=number,
        user=person.id,
    )


def logged_in(person: Person) -> FlaskClient:
    """The browser of a user."""
    browser = person.client.application.test_client()
    token = csrf_of(browser, "/login/")
    who = {"username": person.username, "password": PASSWORD, "csrf_token": token}
    assert browser.post("/login/", data=who).status_code == 302
    return browser


@pytest.fixture
def teams(admin: Person) -> list[str]:
    """Slugs of teams of the admin."""
    slugs = [f"ops-{number}" for number in range(3)]
    for slug in slugs:
        assert admin.post("/teams/", json={"slug": slug, "name": slug}).status_code == 201
    return slugs


def test_owners_add_a_user_to_half_of_the_teams_at_most(
    anna: Person, ben: Person, engine: Engine, teams: list[str], admin: Person
) -> None:
    for slug in ("one", "two", "three"):
        anna.post("/teams/", json={"slug": slug, "name": slug})
    be_in(engine, ben, 48)
    body = {"username": "ben", "role": "viewer"}
    assert anna.post("/teams/one/members/", json=body).status_code == 201
    refused = anna.post("/teams/two/members/", json=body)
    assert refused.status_code == 409
    assert refused.get_json()["detail"] == (
        "ben is in 50 teams or more: create an invitation, which ben can accept."
    )
    code = invite(anna, team="two")["code"]
    browser = logged_in(ben)
    browser.get(f"/invite/{code}/")
    assert (
        browser.post("/invite/", data={"csrf_token": csrf_of(browser, "/invite/")}).status_code
        == 302
    )
    assert ben.post("/teams/", json={"slug": "own", "name": "Own"}).status_code == 201
    assert admin.post(f"/teams/{teams[0]}/members/", json=body).status_code == 201
    assert anna.post("/teams/three/members/", json=body).status_code == 409
    assert len(ben.items("/teams/")) == 53


def test_a_member_of_many_teams_is_still_a_member(
    anna: Person, ben: Person, engine: Engine
) -> None:
    anna.post("/teams/", json={"slug": "one", "name": "one"})
    body = {"username": "ben", "role": "viewer"}
    anna.post("/teams/one/members/", json=body)
    be_in(engine, ben, 60)
    again = anna.post("/teams/one/members/", json=body)
    assert (again.status_code, "in this team already" in again.text) == (409, True)
    owner = anna.call("PATCH", "/teams/one/members/ben/", json={"role": "owner"})
    assert owner.status_code == 200


def test_requests_at_once_do_not_pass_the_limit(
    admin: Person, anna: Person, engine: Engine, teams: list[str]
) -> None:
    browser = logged_in(anna)
    code = invite(admin, team=teams[2])["code"]
    browser.get(f"/invite/{code}/")
    form = {"csrf_token": csrf_of(browser, "/invite/")}
    body = {"username": "anna", "role": "viewer"}
    requests: list[Callable[[], TestResponse]] = [
        lambda: admin.post(f"/teams/{teams[0]}/members/", json=body),
        lambda: admin.post(f"/teams/{teams[1]}/members/", json=body),
        lambda: anna.post("/teams/", json={"slug": "own", "name": "Own"}),
        lambda: browser.post("/invite/", data=form),
    ]
    be_in(engine, anna, 98)
    with ThreadPoolExecutor(len(requests)) as pool:
        with engine.begin() as connection:
            connection.execute(LOCK, {"id": anna.id})
            sent = [pool.submit(request) for request in requests]
            eventually(lambda: waiting(engine) == len(requests))
        statuses = sorted(answer.result(30).status_code for answer in sent)
    assert statuses[1:] == [409, 409, 409], statuses
    assert statuses[0] in {201, 302}
    assert len(anna.items("/teams/")) == 100
