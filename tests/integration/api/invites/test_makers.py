"""An invitation is open only as long as the user who made it may make another one like it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.conftest import PASSWORD, Person, register, run_sql
from tests.integration.api.invites.test_invites import csrf_of, invite, registers
from tests.support.eventually import eventually
from tests.support.locks import waiting

Loss = Callable[[Person, Engine], object]


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user."""
    return register(client, "admin")


@pytest.fixture(autouse=True)
def ops(admin: Person, anna: Person, ben: Person) -> str:
    """A team that Anna and Ben own, with open and used invitations of other makers."""
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    anna.post("/teams/ops/members/", json={"username": "ben", "role": "owner"})
    anna.post("/teams/", json={"slug": "dev", "name": "Development"})
    for maker in (admin, anna):
        invite(maker, team="ops", role="owner")
        invite(maker, team="dev", role="viewer")
    return "ops"


def role(name: str) -> Loss:
    return lambda anna, _: anna.call("PATCH", "/teams/ops/members/ben/", json={"role": name})


def removed(anna: Person, _engine: Engine) -> object:
    return anna.call("DELETE", "/teams/ops/members/ben/")


def disabled(_anna: Person, engine: Engine) -> None:
    run_sql(engine, "UPDATE users SET disabled_at = now() WHERE username = 'ben'")


def left_the_group(_anna: Person, engine: Engine) -> None:
    leave = "DELETE FROM memberships USING users u, teams t WHERE user_id = u.id AND team_id = t.id"
    run_sql(engine, f"{leave} AND username = 'ben' AND t.slug = 'ops'")


LOSSES = [
    pytest.param(role("editor"), id="editor"),
    pytest.param(role("viewer"), id="viewer"),
    pytest.param(removed, id="removed"),
    pytest.param(left_the_group, id="group"),
    pytest.param(disabled, id="disabled"),
]


@pytest.mark.parametrize("lost", LOSSES)
@pytest.mark.parametrize("opens", ["viewer", "owner"])
def test_an_invitation_ends_when_its_maker_is_no_owner_any_more(
    client: FlaskClient, anna: Person, ben: Person, engine: Engine, lost: Loss, opens: str
) -> None:
    code = invite(ben, team="ops", role=opens)["code"]
    lost(anna, engine)
    assert registers(client.application, "eve", code).status_code == 403
    register(client, "eve")
    browser = client.application.test_client()
    path = "/login/"
    who = {"username": "eve", "password": PASSWORD, "csrf_token": csrf_of(browser, path)}
    browser.post(path, data=who)
    assert browser.get(f"/invite/{code}/").status_code == 302
    shown = browser.get("/invite/")
    assert shown.status_code == 403
    assert "unknown, used or expired" in shown.text
    browser.get(f"/invite/{code}/")
    token = csrf_of(browser, "/account/")
    assert browser.post("/invite/", data={"csrf_token": token}).status_code == 403
    members = {one["username"] for one in anna.items("/teams/ops/members/")}
    assert "eve" not in members


@pytest.mark.parametrize("lost", LOSSES)
def test_lists_say_that_it_is_not_open(
    client: FlaskClient, admin: Person, anna: Person, ben: Person, engine: Engine, lost: Loss
) -> None:
    made = invite(ben, team="ops", role="owner", email="eve@example.com")
    assert made["open"] is True
    by_id = {one["id"]: one["open"] for one in anna.items("/invites/?team=ops")}
    assert len(by_id) == 3
    assert set(by_id.values()) == {True}
    lost(anna, engine)
    for person, path in ((anna, "/invites/?team=ops"), (admin, "/invites/")):
        open_ones = {one["id"]: one["open"] for one in person.items(path)}
        assert open_ones.pop(made["id"]) is False
        assert set(open_ones.values()) == {True}
    browser = client.application.test_client()
    for name, path in (("anna", "/team/ops/"), ("admin", "/invites/")):
        who = {"username": name, "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
        browser.post("/login/", data=who)
        html = browser.get(path).text
        assert "/end/" in html
        assert "eve@example.com" not in html
        browser.post("/logout/", data={"csrf_token": csrf_of(browser, "/account/")})


def test_a_maker_who_is_an_owner_again_may_invite_again(
    client: FlaskClient, anna: Person, ben: Person, engine: Engine
) -> None:
    code = invite(ben, team="ops", role="owner")["code"]
    role("editor")(anna, engine)
    assert registers(client.application, "eve", code).status_code == 403
    role("owner")(anna, engine)
    assert registers(client.application, "eve", code).status_code == 201


def test_a_change_of_the_makers_role_that_has_begun_counts(
    client: FlaskClient, ben: Person, engine: Engine
) -> None:
    code = invite(ben, team="ops", role="owner")["code"]
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(text("SELECT id FROM teams WHERE slug = 'ops' FOR UPDATE"))
            changed = (
                "UPDATE memberships SET role = 'editor' WHERE user_id = :ben AND team_id <> :ben"
            )
            connection.execute(text(changed), {"ben": ben.id})
            joining = pool.submit(registers, client.application, "eve", code)
            eventually(lambda: waiting(engine) == 1)
        assert joining.result(30).status_code == 403


def test_an_owner_of_another_team_alone_opens_nothing(
    client: FlaskClient, anna: Person, ben: Person, engine: Engine
) -> None:
    code = invite(ben, team="ops", role="owner")["code"]
    anna.post("/teams/dev/members/", json={"username": "ben", "role": "owner"})
    invite(ben, team="dev")
    removed(anna, engine)
    assert registers(client.application, "eve", code).status_code == 403


def test_invitations_that_lost_their_maker_do_not_count_as_open(
    anna: Person, ben: Person, engine: Engine
) -> None:
    run_sql(
        engine,
        "INSERT INTO invites (id, code_hash, team_id, role, registers, created_by, expires_at)"
        " SELECT gen_random_uuid(), sha256(i::text::bytea), t.id, 'viewer', false, :ben,"
        " now() + interval '1 day' FROM generate_series(1, 100) AS i, teams t WHERE slug = 'ops'",
        ben=ben.id,
    )
    ben.post("/teams/", json={"slug": "own", "name": "Own"})
    assert ben.post("/invites/", json={"team": "own"}).status_code == 422
    removed(anna, engine)
    assert ben.post("/invites/", json={"team": "own"}).status_code == 201
