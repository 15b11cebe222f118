"""The account page and a team's tokens in a real browser, at every width."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_pages import registers
from tests.support.browser import pixels_too_wide
from tests.support.product import Product

LONG = "unbroken" * 12


def status_of(product: Product, token: str) -> int:
    """What the API answers to a token."""
    headers = {"Authorization": f"Token {token}"}
    return httpx.get(f"{product.url}/api/tasks/", headers=headers).status_code


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_a_token_is_made_shown_once_and_ended_at_every_width(
    page: Page, product: Product, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    registers(page)
    page.goto("/teams/")
    page.get_by_label("Name").fill(LONG)
    page.get_by_label("Slug").fill(f"team-{width}")
    page.get_by_role("button", name="Create team").click()
    for path in ("/account/", f"/team/team-{width}/"):
        page.goto(path)
        page.locator("#token_name").fill(LONG)
        page.get_by_role("button", name="Create token").click()
        token = page.get_by_label("New token").input_value()
        assert status_of(product, token) == 200
        beyond = pixels_too_wide(page)
        assert beyond <= 0, f"{path} is {beyond} px too wide"
        page.goto(path)
        expect(page.get_by_label("New token")).to_have_count(0)
        page.get_by_role("button", name="End the token").click()
        expect(page.get_by_text("The token has ended.")).to_be_visible()
        assert status_of(product, token) == 401
