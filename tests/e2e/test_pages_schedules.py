"""When a task runs, as the pages show it before and after it is saved."""

from playwright.sync_api import Page, expect

from tests.e2e.test_pages import registers


def test_the_form_shows_when_while_it_is_typed(page: Page) -> None:
    registers(page)
    page.goto("/task/create/")
    preview = page.locator("#preview")
    page.get_by_label("Cron minute hour").check()
    page.get_by_label("Expression").fill("30 2 13 * 5")
    page.locator("#timezone").fill("Europe/Rome")
    expect(preview).to_contain_text("13th day of month or on Friday (Europe/Rome)")
    expect(preview.locator("li")).to_have_count(5)
    expect(preview).to_contain_text("Both day fields are restricted")
    page.get_by_label("Expression").fill("61 * * * *")
    expect(preview.locator("li")).to_have_count(0)
    page.get_by_label("Command").fill("true")
    page.get_by_label("Expression").fill("0 12 * * *")
    page.get_by_label("Expression").press("Enter")
    expect(page.get_by_text("The task is saved.")).to_be_visible()


def test_a_preview_needs_no_javascript_and_keeps_what_is_typed(
    without_scripts: Page,
) -> None:
    page = without_scripts
    registers(page)
    page.goto("/task/create/")
    page.get_by_label("Command").fill("echo kept")
    page.get_by_label("Every at a fixed rate").check()
    page.get_by_label("Interval").fill("90")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview li")).to_have_count(5)
    expect(page.get_by_text("Every 1 hour 30 minutes")).to_be_visible()
    expect(page.get_by_label("Command")).to_have_value("echo kept")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()


def test_a_list_of_schedules_is_typed_as_json_and_shows_what_is_wrong(
    without_scripts: Page,
) -> None:
    page = without_scripts
    registers(page)
    page.goto("/task/create/")
    page.get_by_label("Command").fill("true")
    page.get_by_label("Several a list").check()
    page.get_by_label("Schedules as JSON").fill('[{"every": 3600}, {"cron": "61 * * * *"}]')
    page.get_by_role("button", name="Create task").click()
    expect(page.locator("#schedule-wrong")).to_contain_text('2: "61" is no minute')
    page.get_by_label("Schedules as JSON").fill('[{"every": 3600}, {"cron": "0 9 * * *"}]')
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("Every hour; Every day at 09:00 (UTC)")).to_be_visible()
