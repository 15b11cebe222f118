"""The pages of a forgotten password, and where the code of a link is not."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.api.accounts.test_accounts import csrf_of
from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.mail.conftest import OWN_URL, MakeApp
from tests.integration.api.mail.test_resets import ADDRESS, NEW, forget, log_in, use
from tests.support.eventually import eventually
from tests.support.mail_server.server import MailServer


def post(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send the form of a page."""
    return browser.post(path, data={"csrf_token": csrf_of(browser, path), **fields})


def test_the_page_leads_from_the_login_to_a_new_password(
    app: Flask, client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    browser = app.test_client()
    assert 'href="/forgot/"' in browser.get("/login/").text
    sent = post(browser, "/forgot/", email="anna")
    assert sent.headers["Location"] == "/login/"
    assert "If there is an account of this name" in browser.get("/login/").text
    link = mails.wait_for(ADDRESS).link("/reset/")
    opened = browser.get(link)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/reset/")
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    page = browser.get("/reset/").text
    assert "<bdi>anna</bdi>" in page
    assert link.split("/")[2] not in page
    weak = post(browser, "/reset/", password="Password123")
    assert weak.status_code == 422
    assert 'id="password-wrong"' in weak.text
    assert "Password123" not in weak.text
    done = post(browser, "/reset/", password=NEW)
    assert done.headers["Location"] == "/login/"
    assert "The password is changed" in browser.get("/login/").text
    used = browser.get("/reset/")
    assert used.status_code == 403
    assert "unknown, used or expired" in used.text
    assert log_in(client, NEW) == 200


def test_a_scanner_that_opens_the_link_does_not_use_it(
    app: Flask, client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    forget(client)
    link = mails.wait_for(ADDRESS).link("/reset/")
    for method in ("GET", "HEAD", "GET"):
        scanner = app.test_client()
        assert scanner.open(link, method=method).status_code == 302
        assert scanner.open("/reset/", method=method).status_code == 200
        assert scanner.post(link).status_code == 405
    assert use(client, link.split("/")[2]).status_code == 204


def test_a_form_of_another_site_changes_no_password(
    app: Flask, client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    forget(client)
    browser = app.test_client()
    browser.get(mails.wait_for(ADDRESS).link("/reset/"))
    assert browser.post("/reset/", data={"password": NEW}).status_code == 400
    assert browser.post("/forgot/", data={"email": "anna"}).status_code == 400
    assert log_in(client, PASSWORD) == 200


def test_over_https_the_browser_sends_the_forms_too(make_app: MakeApp, mails: MailServer) -> None:
    app = make_app(f"smtp://127.0.0.1:{mails.port}", trust_proxy=1)
    browser = app.test_client()
    https = {"X-Forwarded-Proto": "https"}
    page = browser.get("/forgot/", base_url=OWN_URL, headers=https)
    assert page.headers["Referrer-Policy"] == "same-origin"
    token = re.search(r'csrf_token" value="([^"]+)"', page.text)
    assert token
    data = {"csrf_token": token[1], "email": "anna"}
    headers = {**https, "Referer": f"{OWN_URL}/forgot/"}
    sent = browser.post("/forgot/", data=data, base_url=OWN_URL, headers=headers)
    assert sent.status_code == 302


def test_the_code_is_in_no_log_line_and_in_no_answer(
    app: Flask,
    client: FlaskClient,
    anna: Person,
    mails: MailServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forget(client)
    link = mails.wait_for(ADDRESS).link("/reset/")
    code = link.split("/")[2]
    browser = app.test_client()
    assert browser.get(link).status_code == 302
    assert browser.get(link.rstrip("/")).status_code == 308
    assert browser.get(f"{link}x/").status_code == 404
    assert code not in use(client, code, "short").text
    assert use(client, code).status_code == 204
    mails.wait_for(ADDRESS, 2)
    written = ""

    def both_are_logged() -> bool:
        nonlocal written
        written += "".join(capsys.readouterr())
        return written.count("mail sent") == 2

    eventually(both_are_logged)
    assert written.count("/reset/<secret>/") == 3
    assert code not in written
    assert ADDRESS not in written
