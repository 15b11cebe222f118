"""Concurrency limits in a real browser: set, reached, raised, removed."""

from playwright.sync_api import Page, expect

from tests.e2e.test_pages import creates_by_hand, registers


def test_a_run_waits_for_a_concurrency_limit_until_it_is_raised(page: Page) -> None:
    registers(page)
    page.get_by_role("link", name="Concurrency").click()
    page.get_by_label("Tag").fill("db")
    page.get_by_label("At once at most", exact=True).fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The limit is set.")).to_be_visible()
    tasks = [creates_by_hand(page, "exec sleep 300", tags="db") for _ in range(2)]
    page.goto(tasks[0])
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("h1 + .pill")).to_have_text("running", timeout=20_000)
    page.goto(tasks[1])
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("tag db has reached its limit of 1 concurrent run")).to_be_visible(
        timeout=20_000
    )
    run_url = page.url

    page.get_by_role("link", name="Concurrency").click()
    row = page.get_by_role("row", name="tag db")
    expect(row.locator("[data-label=Running]")).to_have_text("1")
    expect(row.locator("[data-label='Waiting for it']")).to_have_text("1")
    most = row.get_by_label("Runs of tag db at once at most")
    most.fill("2")
    most.press("Enter")
    expect(page.get_by_text("The limit is changed.")).to_be_visible()
    page.goto(run_url)
    expect(page.locator("h1 + .pill")).to_have_text("running", timeout=20_000)

    page.goto("/concurrency/")
    page.get_by_role("button", name="Remove the limit of tag db").click()
    expect(page.get_by_text("No limit is set")).to_be_visible()
    for task in tasks:
        page.goto(task)
        page.locator("#history").locator("xpath=ancestor::section").locator("tbody a").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("h1 + .pill")).to_have_text("cancelled", timeout=20_000)
