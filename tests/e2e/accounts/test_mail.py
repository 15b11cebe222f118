"""A forgotten password and an invitation in a real browser, by a real mail server."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.e2e.test_pages import registers
from tests.support.browser import pixels_too_wide
from tests.support.database import process_number
from tests.support.mail_server.server import MailServer, mail_server
from tests.support.product import PASSWORD, Product
from tests.support.servers import SharedServers

NEW = "violet tram under seven roofs"


@pytest.fixture(scope="module")
def mailing(shared_servers: SharedServers) -> Iterator[tuple[Product, MailServer]]:
    """The product and its mail server."""
    data_dir = reachable_temporary("punctual-product-")
    try:
        with mail_server() as mails, Product(data_dir) as started:
            started.environ |= {
                "PUNCTUAL_REDIS_URL": shared_servers.redis_url(2 * process_number() + 1),
                "PUNCTUAL_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
                "PUNCTUAL_MAIL_FROM": "Cron <cron@example.com>",
                "PUNCTUAL_PUBLIC_URL": started.url,
            }
            started.start()
            yield started, mails
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def product(mailing: tuple[Product, MailServer]) -> Product:
    """The product, for the browser's addresses."""
    return mailing[0]


@pytest.fixture
def mails(mailing: tuple[Product, MailServer]) -> MailServer:
    return mailing[1]


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page; the test fails for what a browser reports, refused forms and links aside."""
    complaints: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: complaints.append(str(error)))

    def complain(message: ConsoleMessage) -> None:
        is_refusal = "403 (FORBIDDEN)" in message.text or "status of 422" in message.text
        if message.type == "error" and not is_refusal:
            complaints.append(message.text)

    made.on("console", complain)
    yield made
    assert not complaints


def chooses_a_new_password(page: Page, name: str, mails: MailServer) -> None:
    page.goto("/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email or username").fill(name)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("a mail with a link is on its way")).to_be_visible()
    mail = mails.wait_for(f"{name}@example.com")
    page.goto(mail.link("/reset/"))
    assert page.url.endswith("/reset/")
    expect(page.get_by_text(f"For the account {name}")).to_be_visible()
    page.get_by_label("New password").fill("Password123")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("This password is a common one")).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed. Log in with the new one.")).to_be_visible()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_title("Tasks · Punctual")
    assert mails.wait_for(f"{name}@example.com", 2).subject == "Your password was changed"


def test_a_user_who_forgot_the_password_chooses_a_new_one(page: Page, mails: MailServer) -> None:
    name = registers(page)
    page.get_by_role("button", name="Log out").click()
    chooses_a_new_password(page, name, mails)
    page.goto(mails.wait_for(f"{name}@example.com").link("/reset/"))
    expect(page.get_by_text("This link is unknown, used or expired.")).to_be_visible()
    page.get_by_role("link", name="Request another link").click()
    expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()


def test_it_works_without_scripts(page: Page, without_scripts: Page, mails: MailServer) -> None:
    chooses_a_new_password(without_scripts, registers(page), mails)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_pages_fit_every_screen(
    page: Page, mails: MailServer, width: int, scheme: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    name = registers(page)
    page.get_by_role("button", name="Log out").click()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/login/")
    assert pixels_too_wide(page) <= 0
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_label("Email or username")).to_be_visible()
    assert pixels_too_wide(page) <= 0
    page.get_by_label("Email or username").fill(name)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("a mail with a link is on its way")).to_be_visible()
    assert pixels_too_wide(page) <= 0
    mail = mails.wait_for(f"{name}@example.com")
    page.goto(mail.link("/reset/"))
    assert pixels_too_wide(page) <= 0
    letter = tmp_path / "letter.html"
    letter.write_text(mail.html)
    page.goto(letter.as_uri())
    expect(page.get_by_role("link", name="Choose a new password")).to_be_visible()
    assert pixels_too_wide(page) <= 0


def test_an_invitation_is_mailed_and_opens_a_registration(
    page: Page, context: BrowserContext, mails: MailServer
) -> None:
    name = registers(page)
    invited = f"cleo-{uuid.uuid4().hex[:8]}"
    page.goto(f"/team/{name}/")
    form = page.get_by_role("form", name="New invitation")
    form.get_by_label("Email").fill(f"{invited}@example.com")
    form.get_by_role("button", name="Create invitation").click()
    expect(page.get_by_text(f"The invitation is sent to {invited}@example.com")).to_be_visible()
    mail = mails.wait_for(f"{invited}@example.com")
    assert name in mail.prose
    page.get_by_role("button", name="Log out").click()
    page.goto(mail.link("/invite/"))
    page.get_by_role("link", name="Register").last.click()
    page.get_by_label("Username").fill(invited)
    page.get_by_label("Email").fill(f"{invited}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    page.goto(f"/team/{name}/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert context.pages


def test_a_mail_that_is_refused_is_reported_next_to_the_link(page: Page, mails: MailServer) -> None:
    name = registers(page)
    page.set_viewport_size({"width": 390, "height": 800})
    to = f"none-{'x' * 40}@{'long-' * 8}domain.example.com"
    mails.refusals[to] = "550 5.1.1 no such mailbox"
    page.goto(f"/team/{name}/")
    form = page.get_by_role("form", name="New invitation")
    form.get_by_label("Email").fill(to)
    form.get_by_role("button", name="Create invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("The mail server refuses this address.")
    expect(page.get_by_label("New invitation").first).to_be_visible()
    assert pixels_too_wide(page) <= 0
