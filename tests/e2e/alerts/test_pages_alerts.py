"""The pages of alerts in a real browser, at every width, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.test_pages import registers
from tests.support.product import Product

LONG = "a-channel-with-a-long-name-" + "x" * 70


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
    assert complaints == []


def fits(page: Page) -> None:
    """Fail where the page is wider than its window, or a field has no name."""
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{page.url} is {beyond} px too wide"
    nameless = page.evaluate(
        "[...document.querySelectorAll('main :is(input, select, textarea):not([type=hidden])')]"
        ".filter(field => !field.labels.length).map(field => field.outerHTML)"
    )
    assert nameless == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (768, "light"), (1440, "light")]
)
def test_channels_and_rules_are_made_at_every_width(
    page: Page, product: Product, width: int, scheme: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    registers(page)
    page.goto("/teams/")
    page.get_by_label("Name").fill("Operations")
    page.get_by_label("Slug").fill(f"alerts-{scheme}-{width}")
    page.get_by_role("button", name="Create team").click()
    page.get_by_role("link", name="Alerts").click()
    expect(page.get_by_text("No channel yet.")).to_be_visible()
    page.get_by_role("link", name="New mail").click()
    page.get_by_label("Name").fill(LONG)
    page.get_by_label("Addresses").fill("ops@example.com")
    page.get_by_label("From").fill("22:00")
    page.get_by_label("Until").fill("07:00")
    page.get_by_label("Time zone").fill("Europe/Rome")
    fits(page)
    page.screenshot(path=tmp_path / "channel.png", full_page=True)
    page.get_by_role("button", name="Create channel").click()
    expect(page.get_by_text(f"The channel {LONG} is created.")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Alerts").click()
    page.get_by_role("link", name="New webhook").click()
    page.get_by_label("Name").fill("hook")
    page.get_by_label("Address").fill("https://hooks.example.com/very-secret")
    page.get_by_role("button", name="Create channel").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    fits(page)
    page.screenshot(path=tmp_path / "secret.png", full_page=True)
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="New chat or pager").click()
    page.get_by_text("Addresses of some services").click()
    fits(page)
    page.screenshot(path=tmp_path / "chat.png", full_page=True)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("it took much longer than normal").check()
    page.get_by_label("Of tasks with a tag").fill("db")
    fits(page)
    page.screenshot(path=tmp_path / "rule.png", full_page=True)
    page.get_by_role("button", name="Create rule").click()
    expect(page.get_by_text("The rule is created.")).to_be_visible()
    fits(page)
    page.screenshot(path=tmp_path / "alerts.png", full_page=True)
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    fits(page)
