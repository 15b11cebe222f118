"""The pages of a team's secrets in a real browser, at every width, with and without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.test_pages import registers
from tests.support.product import Product

VALUE = "gx7-Kq0_very-secret"
LONG = "a-secret-with-a-name-of-100-characters-" + "x" * 61


REFUSED = "the server responded with a status of 409"
"""What the browser logs of the page that asks once more before it deletes."""


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page; the test fails when a browser's rule is broken."""
    complaints: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield made
    assert [text for text in complaints if REFUSED not in text] == []


def fits(page: Page) -> None:
    """Fail where the page is wider than its window."""
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{page.url} is {beyond} px too wide"


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (390, "light"), (1440, "light")])
def test_a_secret_is_set_used_replaced_and_deleted_at_every_width(
    page: Page, product: Product, width: int, scheme: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    registers(page)
    page.goto("/teams/")
    page.get_by_label("Name").fill("Operations")
    page.get_by_label("Slug").fill(f"secrets-{width}")
    page.get_by_role("button", name="Create team").click()
    page.goto(f"/team/secrets-{width}/")
    page.get_by_role("link", name="Secrets").click()
    expect(page.get_by_text("No secret yet.")).to_be_visible()
    page.get_by_label("Name").fill(LONG)
    page.locator("#value").fill(f"{VALUE}\nsecond line")
    page.screenshot(path=tmp_path / "new.png", full_page=True)
    page.get_by_role("button", name="Create secret").click()
    expect(page.get_by_text(f"The secret {LONG} is created.")).to_be_visible()
    fits(page)
    assert VALUE not in page.content()
    page.goto(f"/task/create/?team=secrets-{width}")
    page.get_by_label("Command").first.fill("true")
    page.get_by_text("More: overlap").click()
    expect(page.get_by_text("${secret:" + LONG + "}", exact=True)).to_be_visible()
    fits(page)
    page.locator("#env").fill("PGPASSWORD=${secret:" + LONG + "}")
    page.locator("input[name=kind][value=hand]").check()
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    fits(page)
    page.goto(f"/team/secrets-{width}/secrets/")
    fits(page)
    page.screenshot(path=tmp_path / "list.png", full_page=True)
    page.get_by_role("link", name="Replace or delete").click()
    expect(page.locator("#value")).to_have_value("")
    page.locator("#value").fill(VALUE)
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_text("has its new value")).to_be_visible()
    page.get_by_role("link", name="Replace or delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Tasks use this secret.")).to_be_visible()
    fits(page)
    page.screenshot(path=tmp_path / "in-use.png", full_page=True)
    page.get_by_role("button", name="Delete it anyway").click()
    expect(page.get_by_text("No secret yet.")).to_be_visible()
