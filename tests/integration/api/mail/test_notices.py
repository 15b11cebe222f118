"""Mails about changes of an account: to the address that it had."""

from tests.integration.api.accounts.test_accounts import csrf_of
from tests.integration.api.accounts.test_own_account import (
    NEW,
    browser_of,
    change_email,
    change_password,
)
from tests.integration.api.conftest import PASSWORD, Person, register
from tests.integration.api.mail.conftest import MakeApp
from tests.support.mail_server.server import MailServer

ADDRESS = "anna@example.com"


def test_another_address_is_announced_to_the_former_one_alone(
    anna: Person, mails: MailServer
) -> None:
    assert change_email(anna, "thief@example.org").status_code == 200
    mail = mails.wait_for(ADDRESS)
    assert mail.subject == "Your e-mail address was changed"
    assert "thief" not in mail.text + mail.html
    assert "from 127.0.0.1" in mail.prose
    assert "ask an admin" in mail.text
    change_password(anna)
    assert mails.wait_for("thief@example.org").subject == "Your password was changed"
    assert len(mails.mails) == 2


def test_another_password_is_announced(anna: Person, mails: MailServer) -> None:
    browser = browser_of(anna)
    done = browser.post(
        "/account/password/",
        data={"csrf_token": csrf_of(browser, "/account/"), "current": PASSWORD, "new": NEW},
    )
    assert done.status_code == 302
    mail = mails.wait_for(ADDRESS)
    assert "was changed on the page of your account" in mail.prose
    assert NEW not in mail.text


def test_a_change_that_is_refused_is_not_announced(
    anna: Person, ben: Person, mails: MailServer
) -> None:
    assert change_email(anna, "ben@example.com").status_code == 409
    assert change_email(anna, "a@example.org", "wrong one").status_code == 422
    assert change_password(anna, "wrong one").status_code == 422
    assert change_password(ben).status_code == 204
    mails.wait_for("ben@example.com")
    assert len(mails.mails) == 1


def test_changing_addresses_back_and_forth_floods_no_one(anna: Person, mails: MailServer) -> None:
    for count in range(12):
        to = "victim@example.org" if count % 2 == 0 else f"a{count}@example.org"
        assert change_email(anna, to).status_code == 200
    change_password(anna)
    mails.wait_for("victim@example.org", 5)
    assert len(mails.to("victim@example.org")) <= 5
    assert len(mails.mails) == 10


def test_without_mail_an_account_changes_as_before(make_app: MakeApp, mails: MailServer) -> None:
    anna = register(make_app("", mail_from="").test_client(), "anna")
    assert change_email(anna, "a@example.org").status_code == 200
    assert change_password(anna).status_code == 204
    assert mails.mails == []
