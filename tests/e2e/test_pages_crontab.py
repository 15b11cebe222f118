"""A crontab in a real browser: pasted, looked at, created, run, and had back."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_pages import registers
from tests.support.browser import pixels_too_wide

LONG = "a-rather-long-word-without-any-blank-" * 5
CRONTAB = f"# greets\n* * * * * cat%hello%you\n@reboot echo {LONG}\n0 0 1 1 * echo {LONG}\n"


@pytest.mark.parametrize("width", [360, 1200])
def test_a_user_imports_a_crontab_and_sees_it_run(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    registers(page)
    page.get_by_role("link", name="Import or export a crontab").click()
    page.get_by_label("Crontab", exact=True).fill(CRONTAB)
    page.get_by_label("Time zone of its machine").fill("Europe/Rome")
    page.get_by_role("button", name="Show what it becomes").click()
    expect(page.get_by_text("2 lines become tasks, 1 cannot be imported")).to_be_visible()
    assert pixels_too_wide(page) <= 0
    page.get_by_role("button", name="Create 2 tasks").click()
    expect(page.get_by_text("2 tasks were created.")).to_be_visible()
    page.get_by_role("link", name="greets").click()
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("h1 + .pill")).to_have_text("succeeded", timeout=20_000)
    expect(page.locator(".out")).to_have_text("hello\nyou\n")
