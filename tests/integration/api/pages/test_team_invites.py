"""Invitations on a team's page: made, shown once and ended by owners."""

import re

from tests.integration.api.pages.visitor import Visitor

PAGE = "/team/ops/"
FORM = "/team/ops/invites/"


def address_in(html: str) -> str:
    """The address of the new invitation that a page shows."""
    found = re.search(r'id="new-invite"[^>]* value="http://localhost(/invite/[^"]+)"', html)
    assert found, html
    return found[1]


def test_an_owner_invites_a_user_who_joins_by_the_address(ann: Visitor, bob: Visitor) -> None:
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    made = ann.post(FORM, of=PAGE, invite_role="operator", invite_email="")
    assert made.status_code == 200
    address = address_in(made.text)
    assert address not in ann.get(PAGE).text
    assert bob.get(address).headers["Location"] == "/invite/"
    assert bob.post("/invite/").headers["Location"] == PAGE
    [own] = [team for team in bob.person.items("/teams/") if team["slug"] == "ops"]
    assert own["role"] == "operator"
    assert "None is open." in ann.get(PAGE).text


def test_owners_alone_see_make_and_end_invitations(ann: Visitor, bob: Visitor) -> None:
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    body = {"username": bob.person.username, "role": "editor"}
    ann.person.post("/teams/ops/members/", json=body)
    address = address_in(ann.post(FORM, of=PAGE, invite_email="cleo@example.com").text)
    assert "cleo@example.com" in ann.get(PAGE).text
    assert "Invitations" not in bob.get(PAGE).text
    [made] = ann.person.items("/invites/?team=ops")
    end = f"/invite/{made['id']}/end/"
    assert bob.post(FORM, of=PAGE).status_code == 403
    assert bob.post(end, of=PAGE).status_code == 403
    assert ann.post(end, of=PAGE).headers["Location"] == PAGE
    bob.get(address)
    assert "unknown, used or expired" in bob.get("/invite/").text


def test_a_faulty_invitation_is_explained_at_its_field(ann: Visitor) -> None:
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    wrong = ann.post(FORM, of=PAGE, invite_role="viewer", invite_email="nowhere")
    assert wrong.status_code == 422
    assert 'id="invite_email-wrong"' in wrong.text
    assert ann.person.items("/invites/?team=ops") == []
