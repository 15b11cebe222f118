"""All users and the invitations to the installation on the pages, for admins alone."""

import re

import pytest

from tests.integration.api.conftest import Person
from tests.integration.api.pages.visitor import Visitor

PAGE, INVITES = "/users/", "/invites/"


def account(admin: Visitor, person: Person) -> dict[str, object]:
    """What the API says about a user."""
    found: dict[str, object] = admin.person.get(f"/users/{person.username}/").get_json()
    return found


def test_admins_alone_are_shown_users_and_invitations(ann: Visitor, bob: Visitor) -> None:
    assert 'href="/users/"' in ann.get("/teams/").text
    assert 'href="/users/"' not in bob.get("/teams/").text
    for path in (PAGE, f"/users/{ann.person.username}/disable/", INVITES):
        assert ann.get(path).status_code == 200, path
        assert bob.get(path).status_code == 403, path


def test_users_are_listed_by_page_and_found_by_name(
    ann: Visitor, bob: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("punctual_api.users.pages.USERS_A_PAGE", 1)
    first = ann.get(PAGE).text
    assert f"user-{bob.person.username}" in first
    assert f"user-{ann.person.username}" not in first
    [older] = re.findall(r'href="(/users/\?before=[^"]+)">Older', first)
    second = ann.get(older).text
    assert f"user-{ann.person.username}" in second
    assert f"user-{bob.person.username}" not in second
    assert "Newest" in second
    found = ann.get(f"{PAGE}?q={bob.person.username.upper()}").text
    assert f"user-{bob.person.username}" in found
    assert "No such user." in ann.get(f"{PAGE}?q=nemo").text
    assert ann.get(f"{PAGE}?before=nonsense").status_code == 422


def test_the_last_login_is_shown_where_it_is_on_record(ann: Visitor, bob: Visitor) -> None:
    html = ann.get(f"{PAGE}?q={bob.person.username}").text
    assert re.search(r'data-label="Last login"><time', html)
    made = {"username": "carl", "password": "a long enough horse", "email": "carl@example.com"}
    assert ann.person.client.post("/api/register/", json=made).status_code == 201
    assert 'data-label="Last login"><time' not in ann.get(f"{PAGE}?q=carl").text


@pytest.mark.parametrize(
    ("change", "back", "field"),
    [("disable", "enable", "disabled_at"), ("make-admin", "remove-admin", "is_admin")],
)
def test_a_change_needs_a_confirmation_and_is_undone_likewise(
    ann: Visitor, bob: Visitor, change: str, back: str, field: str
) -> None:
    own = f"/users/{bob.person.username}/"
    assert f'href="{own}{change}/"' in ann.get(PAGE).text
    shown = ann.get(f"{own}{change}/")
    assert bob.person.username in shown.text
    assert not account(ann, bob.person)[field]
    assert ann.post(f"{own}{change}/").headers["Location"] == PAGE
    assert account(ann, bob.person)[field]
    assert f'href="{own}{back}/"' in ann.get(PAGE).text
    assert ann.post(f"{own}{back}/").headers["Location"] == PAGE
    assert not account(ann, bob.person)[field]


def test_a_disabled_user_is_out_at_once(ann: Visitor, bob: Visitor) -> None:
    assert bob.get("/teams/").status_code == 200
    ann.post(f"/users/{bob.person.username}/disable/")
    assert bob.get("/teams/").headers["Location"].startswith("/login/")
    assert "disabled" in ann.get(PAGE).text


@pytest.mark.parametrize("change", ["disable", "remove-admin"])
def test_the_last_admin_stays(ann: Visitor, bob: Visitor, change: str) -> None:
    path = f"/users/{ann.person.username}/{change}/"
    refused = ann.post(path)
    assert refused.status_code == 409
    assert "is the last admin: make another one before." in refused.text
    assert account(ann, ann.person)["is_admin"] is True
    ann.post(f"/users/{bob.person.username}/make-admin/")
    assert ann.post(path).status_code == 302


def test_a_user_or_a_change_that_is_unknown_is_not_found(ann: Visitor) -> None:
    assert ann.get("/users/nemo/disable/").status_code == 404
    assert ann.get(f"/users/{ann.person.username}/rename/").status_code == 404


def test_an_admin_invites_to_the_installation_and_ends_it(ann: Visitor, bob: Visitor) -> None:
    made = ann.post(INVITES, invite_email="dora@example.com")
    address = re.search(r'value="http://localhost(/invite/[^"]+)"', made.text)
    assert address
    assert address[1] not in ann.get(INVITES).text
    assert "dora@example.com" in ann.get(INVITES).text
    visitor = ann.browser.application.test_client()
    assert visitor.get(address[1]).headers["Location"] == "/invite/"
    [invite] = ann.person.items("/invites/")
    assert (invite["team"], invite["registers"]) == (None, True)
    end = f"/invite/{invite['id']}/end/"
    assert bob.post(end, of="/teams/").status_code == 404
    assert ann.post(end, of=INVITES).headers["Location"] == INVITES
    assert "None is open." in ann.get(INVITES).text
    visitor.get(address[1])
    assert "unknown, used or expired" in visitor.get("/invite/").text


def test_open_invitations_to_teams_are_listed_for_admins_too(ann: Visitor, bob: Visitor) -> None:
    bob.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    body = {"team": "ops", "role": "editor", "email": "eve@example.com"}
    assert bob.person.post("/invites/", json=body).status_code == 201
    html = ann.get(INVITES).text
    assert "eve@example.com" in html
    assert "editor in" in html


def test_a_faulty_invitation_is_explained_at_its_field(ann: Visitor) -> None:
    wrong = ann.post(INVITES, invite_email="nowhere")
    assert wrong.status_code == 422
    assert 'id="invite_email-wrong"' in wrong.text
    assert ann.person.items("/invites/") == []
