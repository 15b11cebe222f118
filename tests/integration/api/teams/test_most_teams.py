"""How many teams a user may be in, also by several requests at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
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


@pytest.fixture
def teams(admin: Person) -> list[str]:
    """Slugs of teams of the admin."""
    slugs = [f"ops-{number}" for number in range(3)]
    for slug in slugs:
        assert admin.post("/teams/", json={"slug": slug, "name": slug}).status_code == 201
    return slugs


def test_requests_at_once_do_not_pass_the_limit(
    admin: Person, anna: Person, engine: Engine, teams: list[str]
) -> None:
    browser = anna.client.application.test_client()
    code = invite(admin, team=teams[2])["code"]
    who = {"username": "anna", "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
    browser.post("/login/", data=who)
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
