"""Invitations that are mailed, and what is answered where that fails."""

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.api.accounts.test_accounts import csrf_of
from tests.integration.api.conftest import PASSWORD, Person, register
from tests.integration.api.mail.conftest import OWN_URL, Events, MakeApp
from tests.integration.api.mail.test_resets import forget
from tests.integration.api.pages.visitor import visit
from tests.support.mail_server.server import MailServer
from tests.support.raw_server import STALL, Script, raw_server

BEN = "ben@example.com"


def invite(person: Person, **values: Any) -> dict[str, Any]:
    answer = person.post("/invites/", json=values)
    assert answer.status_code == 201, answer.json
    document: dict[str, Any] = answer.get_json()
    return document


def test_an_invitation_with_an_address_is_mailed_there(
    app: Flask, anna: Person, mails: MailServer, events: Events
) -> None:
    anna.post("/teams/", json={"slug": "ops", "name": "Click http://evil.example now"})
    made = invite(anna, team="ops", role="editor", email=BEN)
    assert made["mail"] == {"sent": True, "detail": None}
    mail = mails.wait_for(BEN)
    assert f"anna invites you to the team ops as editor at {OWN_URL}" in mail.prose
    assert made["url"] == f"{OWN_URL}/invite/{made['code']}/"
    assert mail.link("/invite/") == f"/invite/{made['code']}/"
    assert "evil" not in mail.text + mail.html
    browser = app.test_client()
    browser.get(mail.link("/invite/"))
    new = {"username": "ben", "password": PASSWORD, "email": BEN}
    data = {**new, "csrf_token": csrf_of(browser, "/register/")}
    assert browser.post("/register/", data=data).headers["Location"] == "/dashboard/"
    assert {one["username"] for one in anna.items("/teams/ops/members/")} == {"anna", "ben"}
    [event] = events("invite.create")
    assert (event["actor_id"], str(event["object_id"])) == (anna.id, made["id"])


def test_one_without_an_address_is_not_mailed(anna: Person, mails: MailServer) -> None:
    assert invite(anna)["mail"] is None
    assert mails.mails == []


def test_nor_is_one_where_no_mail_is_sent(make_app: MakeApp, mails: MailServer) -> None:
    anna = register(make_app("", mail_from="", public_url="").test_client(), "anna")
    assert invite(anna, email=BEN)["mail"] is None


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("550 5.1.1 no such mailbox", "The mail server refuses this address."),
        ("451 4.7.1 try later", "The mail server did not take it."),
    ],
)
def test_an_address_that_the_server_refuses_is_reported_and_the_invitation_is_good(
    anna: Person, mails: MailServer, answer: str, detail: str, app: Flask
) -> None:
    mails.refusals[BEN] = answer
    made = invite(anna, email=BEN)
    assert made["mail"]["sent"] is False
    assert made["mail"]["detail"].startswith(detail)
    browser = app.test_client()
    browser.get(f"/invite/{made['code']}/")
    assert browser.get("/invite/").status_code == 200


@pytest.mark.parametrize("address", ["a,victim@example.com", "a>b@example.com", "<x@example.com"])
def test_no_address_is_read_as_another(anna: Person, mails: MailServer, address: str) -> None:
    made = invite(anna, email=address)
    assert made["mail"] == {
        "sent": False,
        "detail": "No mail can be sent to an address of this form.",
    }
    assert mails.mails == []


def test_other_letters_need_a_server_that_takes_them(anna: Person, mails: MailServer) -> None:
    made = invite(anna, email="mäx@example.com")
    assert made["mail"] == {"sent": False, "detail": "The mail server refuses this address."}


def test_a_server_that_is_silent_delays_the_answer_by_its_timeout(make_app: MakeApp) -> None:
    with raw_server(Script([b""], end=STALL, read=False)) as silent:
        client = make_app(f"smtp://127.0.0.1:{silent.port}?timeout=0.2").test_client()
        made = invite(register(client, "anna"), email=BEN)
    assert made["mail"]["sent"] is False
    assert "An operator finds the reason in the log" in made["mail"]["detail"]


def test_the_invitation_is_there_before_its_mail_is(
    anna: Person, mails: MailServer, app: Flask
) -> None:
    found: list[int] = []

    class Reader(dict[str, str]):
        """Looks at the address in the mail while the server is still asked to take it."""

        def __contains__(self, address: object) -> bool:
            found.extend(len(anna.items("/invites/")) for _ in [address])
            return False

    mails.refusals = Reader()
    invite(anna, email=BEN)
    assert found == [1]


def test_one_address_gets_three_a_day_and_the_link_stays(
    anna: Person, ben: Person, mails: MailServer
) -> None:
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    to = {"team": "ops", "email": "cleo@example.com"}
    made = [invite(anna, **to)["mail"]["sent"] for _ in range(2)]
    ben.post("/teams/", json={"slug": "qa", "name": "Quality"})
    made += [invite(ben, team="qa", email="CLEO@example.com")["mail"]["sent"]]
    assert made == [True] * 3
    fourth = invite(ben, team="qa", email="cleo@example.com")
    assert fourth["mail"]["sent"] is False
    assert "Too many" in fourth["mail"]["detail"]
    assert fourth["url"]
    assert len(mails.mails) == 3


def test_the_host_header_is_in_no_link(make_app: MakeApp, mails: MailServer) -> None:
    app = make_app(f"smtp://127.0.0.1:{mails.port}", allowed_hosts="*", trust_proxy=1)
    anna = register(app.test_client(), "anna")
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    anna.post("/invites/", json={"email": BEN}, headers=evil)
    forget(anna.client, "anna", headers=evil)
    for address in (BEN, "anna@example.com"):
        mail = mails.wait_for(address)
        assert "evil" not in mail.raw.decode()
        assert OWN_URL in mail.text


def test_the_pages_say_to_whom_it_was_sent_and_show_the_link_if_not(
    client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    ann = visit(client)
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    form, page = "/team/ops/invites/", "/team/ops/"
    sent = ann.post(form, of=page, invite_role="viewer", invite_email=BEN)
    assert f"The invitation is sent to <bdi>{BEN}</bdi>" in sent.text
    shown = re.search(r'id="new-invite"[^>]* value="([^"]+)"', sent.text)
    assert shown
    assert shown[1].endswith(mails.wait_for(BEN).link("/invite/"))
    mails.refusals["cleo@example.com"] = "550 no"
    failed = ann.post(form, of=page, invite_role="viewer", invite_email="cleo@example.com")
    assert "no mail was sent to <bdi>cleo@example.com</bdi>" in failed.text
    assert "refuses this address" in html.unescape(failed.text)
    assert 'id="new-invite"' in failed.text
    blank = ann.post(form, of=page, invite_role="viewer", invite_email="")
    assert "Its address is shown this once: send it now." in blank.text
