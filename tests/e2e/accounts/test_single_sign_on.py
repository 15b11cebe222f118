"""Single sign-on in a real browser, at a real provider, on the running product."""

import shutil
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.e2e.test_pages import registers
from tests.support.browser import pixels_too_wide
from tests.support.database import process_number
from tests.support.identity_provider.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)
from tests.support.product import PASSWORD, Product
from tests.support.servers import SharedServers

LONG_NAME = "The very long name of a provider"


@pytest.fixture(scope="module")
def signing_on(
    shared_servers: SharedServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Product, IdentityProvider]]:
    """The product and its provider."""
    data_dir = reachable_temporary("punctual-product-")
    try:
        with Product(data_dir) as started:
            folder = tmp_path_factory.mktemp("provider")
            with identity_provider(folder, [f"{started.url}/login/oidc/callback/"]) as provider:
                started.environ |= {
                    "PUNCTUAL_REDIS_URL": shared_servers.redis_url(2 * process_number() + 1),
                    "PUNCTUAL_OIDC_ISSUER": provider.issuer,
                    "PUNCTUAL_OIDC_CLIENT_ID": CLIENT_ID,
                    "PUNCTUAL_OIDC_CLIENT_SECRET": CLIENT_SECRET,
                    "PUNCTUAL_OIDC_NAME": LONG_NAME,
                }
                started.start()
                yield started, provider
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def product(signing_on: tuple[Product, IdentityProvider]) -> Product:
    """The product, for the browser's addresses."""
    return signing_on[0]


@pytest.fixture
def page(context: BrowserContext, product: Product) -> Iterator[Page]:
    """An empty page; the test fails for what a browser reports of our pages, not the provider's."""
    complaints: list[str] = []
    made = context.new_page()

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"].startswith(product.url):
            complaints.append(message.text)

    made.on("console", complain)
    yield made
    assert not [text for text in complaints if "403 (FORBIDDEN)" not in text], complaints


def log_in_there(page: Page, name: str) -> None:
    """Fill in the pages of the provider."""
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def unused_name() -> str:
    return f"ann-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_a_user_logs_in_at_the_provider_and_comes_back_to_the_page_that_was_wanted(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    name = unused_name()
    page.goto("/teams/")
    assert pixels_too_wide(page) <= 0
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    log_in_there(page, name)
    expect(page).to_have_title("Teams · Punctual")
    page.goto("/account/")
    expect(page.get_by_text(f"You log in by {LONG_NAME}")).to_be_visible()
    expect(page.get_by_text(f"You are {name}")).to_be_visible()
    assert pixels_too_wide(page) <= 0
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name=f"Log out of {LONG_NAME} too")).to_be_visible()
    assert pixels_too_wide(page) <= 0


@pytest.mark.parametrize("width", [360, 1440])
def test_a_user_with_a_password_connects_the_account_and_logs_in_by_the_provider(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    name = registers(page)
    page.goto("/account/")
    page.get_by_role("link", name="Connect").click()
    log_in_there(page, f"subject-of-{name}-at-the-provider-with-a-long-name")
    expect(page.get_by_role("heading", name="Connect your account")).to_be_visible()
    assert pixels_too_wide(page) <= 0
    page.get_by_label("Your password here").fill(PASSWORD)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text(f"You can log in by {LONG_NAME} now.")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    expect(page).to_have_title("Tasks · Punctual")  # the provider knows the browser still
    page.goto("/account/")
    expect(page.get_by_text(f"You are {name}")).to_be_visible()


def test_it_works_without_scripts(without_scripts: Page) -> None:
    page = without_scripts
    page.goto("/login/")
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    log_in_there(page, unused_name())
    expect(page).to_have_title("Tasks · Punctual")


def test_a_visitor_who_cancels_there_reads_what_to_do(page: Page) -> None:
    page.goto("/login/")
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("you have cancelled it there")
    expect(page).to_have_title("Log in · Punctual")


def test_codes_and_secrets_are_in_no_log(
    page: Page, signing_on: tuple[Product, IdentityProvider]
) -> None:
    started, _ = signing_on
    page.goto("/login/")
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    came: list[str] = []
    page.on("request", lambda request: came.append(request.url))
    log_in_there(page, unused_name())
    expect(page).to_have_title("Tasks · Punctual")
    [back] = [url for url in came if "/login/oidc/callback/" in url]
    code = back.partition("code=")[2].partition("&")[0]
    assert len(code) > 20
    logged = started.log("api-1")
    assert "/login/oidc/callback/" in logged
    assert code not in logged
    assert CLIENT_SECRET not in logged
