"""Users, invitations, and moving tasks to another team in a real browser, at every width."""

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import create_engine, text

from tests.e2e.test_pages import creates_by_hand, registers
from tests.support.browser import pixels_too_wide
from tests.support.product import Product

LONG = "unbroken" * 12
MAKE_ADMIN = text("UPDATE users SET is_admin = true WHERE username = :name")


def becomes_admin(product: Product, name: str) -> None:
    """Makes a user an admin, as an operator does."""
    engine = create_engine(product.secret("database_url"))
    with engine.begin() as connection:
        assert connection.execute(MAKE_ADMIN, {"name": name}).rowcount == 1
    engine.dispose()


def fits(page: Page, shown: Locator) -> None:
    """Nothing on the page that shows this is wider than the window."""
    expect(shown.first).to_be_visible()
    beyond = pixels_too_wide(page)
    assert beyond <= 0, f"{page.url} is {beyond} px too wide"


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_an_admin_disables_a_user_moves_the_tasks_and_deletes_the_team_at_every_width(
    page: Page, product: Product, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    leaver = registers(page)
    task = creates_by_hand(page, "true", name=LONG, tags="db, nightly")
    page.get_by_role("button", name="Log out").click()
    becomes_admin(product, registers(page))
    page.goto("/teams/")
    page.get_by_label("Name").fill(LONG)
    page.get_by_label("Slug").fill(f"people-{width}")
    page.get_by_role("button", name="Create team").click()
    fits(page, page.get_by_role("heading", name=LONG))
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_label("Name or address").fill(leaver)
    page.get_by_role("button", name="Find").click()
    fits(page, page.locator("tbody tr:only-child"))
    page.get_by_role("link", name=f"Disable {leaver}").click()
    fits(page, page.get_by_role("heading", name="Disable"))
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text(f"{leaver} is disabled.")).to_be_visible()
    page.goto(f"/users/{leaver}/disable/")
    page.get_by_role("link", name="Move it to another team").click()
    page.get_by_label("New team").fill(f"people-{width}")
    page.get_by_role("button", name="Show what would move").click()
    fits(page, page.locator("#report"))
    page.get_by_role("button", name=f"Move 1 task to people-{width}").click()
    expect(page.get_by_text(f"1 task was moved to people-{width}.")).to_be_visible()
    page.goto(task)
    fits(page, page.get_by_role("heading", name=LONG))
    page.get_by_role("link", name="Move", exact=True).click()
    fits(page, page.get_by_role("heading", name="to another team"))
    page.get_by_label("New team").fill(leaver)
    page.get_by_role("button", name="Move the task").click()
    expect(page.get_by_text(f"The task is in the team {leaver} now.")).to_be_visible()
    page.goto(f"/team/people-{width}/")
    page.get_by_role("link", name="Delete the team").click()
    fits(page, page.locator("#goes"))
    page.get_by_label("Slug of the team").fill(f"people-{width}")
    page.get_by_role("button", name="Delete the team").click()
    expect(page.get_by_text("The team is deleted.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_an_invitation_is_shown_once_and_ended_at_every_width(
    page: Page, product: Product, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    becomes_admin(product, registers(page))
    page.goto("/users/")
    page.get_by_role("link", name="Invitations").click()
    address = f"{'dora' * 10}@{'long' * 10}.example.com"
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Create invitation").click()
    assert "/invite/" in page.get_by_label("New invitation").input_value()
    fits(page, page.get_by_label("New invitation"))
    page.get_by_role("button", name=f"End the invitation for {address}").click()
    expect(page.get_by_text("The invitation has ended.")).to_be_visible()
