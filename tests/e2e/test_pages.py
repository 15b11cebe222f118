"""The web pages in a real browser, on the running product."""

import re
import uuid

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import pixels_too_wide
from tests.support.product import PASSWORD, Product

HOSTILE = "<script>document.title = 'broken into'</script><img src=x onerror=alert(1)>\"'&amp;"


def registers(page: Page) -> str:
    """Registers a new user through the form; answers the name."""
    name = f"ann-{uuid.uuid4().hex[:8]}"
    page.goto("/register/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    return name


def creates_by_hand(page: Page, command: str, *, name: str = "", tags: str = "") -> str:
    """Creates a task that runs by hand only; answers its path."""
    page.goto("/task/create/")
    page.get_by_label("Command").fill(command)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Tags").fill(tags)
    page.get_by_label("By hand").check()
    page.get_by_label("Retries").fill("0")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    return page.url


def test_a_user_registers_logs_in_and_follows_a_task_from_its_creation_to_its_end(
    page: Page,
) -> None:
    name = registers(page)
    page.get_by_role("button", name="Log out").click()
    page.goto("/dashboard/")
    expect(page).to_have_title("Log in · Punctual")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    expect(page).to_have_title("Tasks · Punctual")

    page.get_by_label("Command").fill("echo it is $((20 + 3))")
    page.get_by_role("button", name="Run it in 5 seconds").click()
    expect(page.get_by_role("heading", name="echo it is $((20 + 3))")).to_be_visible()
    expect(page.locator("h1 + .pill")).to_have_text("succeeded", timeout=20_000)

    page.locator("#history").locator("xpath=ancestor::section").locator("tbody a").click()
    expect(page.locator("pre.output")).to_contain_text("it is 23")
    expect(page.get_by_text("It succeeded after")).to_be_visible()

    page.get_by_role("link", name="Tasks").first.click()
    row = page.get_by_role("row", name="echo it is $((20 + 3))")
    expect(row.locator(".pill")).to_have_text("succeeded")
    row.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Name").fill("arithmetic")
    page.get_by_label("Every at a fixed rate").check()
    page.get_by_label("Interval").fill("5")
    page.get_by_label("Unit").select_option("hours")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="arithmetic")).to_be_visible()
    expect(page.get_by_text("Every 5 hours")).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("h1 + .pill")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("h1 + .pill")).to_have_text("scheduled")

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the task").click()
    expect(page.get_by_text("The task is deleted.")).to_be_visible()
    expect(page.get_by_text("arithmetic")).to_have_count(0)


def test_a_running_run_is_cancelled_and_its_page_stops_asking(page: Page) -> None:
    page.clock.install()
    registers(page)
    creates_by_hand(page, "echo begun; exec sleep 300")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("h1 + .pill")).to_have_text("running", timeout=20_000)
    with page.expect_request(page.url):
        page.clock.fast_forward(60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1 + .pill")).to_have_text("cancelled", timeout=20_000)
    expect(page.locator("pre.output")).to_contain_text("begun")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.clock.fast_forward(60_000)
    assert page.evaluate("fetch('/healthz').then((answer) => answer.status)") == 200
    assert [url for url in requested if not url.endswith("/healthz")] == []


def test_a_hidden_page_asks_nothing_and_catches_up_when_it_is_seen(
    page: Page,
) -> None:
    page.clock.install()
    registers(page)
    creates_by_hand(page, "true")
    page.wait_for_load_state("networkidle")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, writable: true})")
    page.clock.fast_forward(60_000)
    assert page.evaluate("fetch('/healthz').then((answer) => answer.status)") == 200
    assert [url for url in requested if not url.endswith("/healthz")] == []
    with page.expect_request(page.url):
        page.evaluate("document.hidden = false")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_dashboard_shows_a_new_state_without_a_reload_and_keeps_what_is_typed(
    page: Page, context: BrowserContext
) -> None:
    registers(page)
    creates_by_hand(page, "exec sleep 300", name="sleeper")
    page.goto("/dashboard/")
    page.get_by_label("Search names and commands").fill("sleep")
    expect(page).to_have_url(re.compile("q=sleep"))
    page.evaluate("window.same = true")
    elsewhere = context.new_page()
    elsewhere.goto(page.url)
    elsewhere.get_by_role("link", name="sleeper").click()
    elsewhere.get_by_role("button", name="Run now").click()
    row = page.get_by_role("row", name="sleeper")
    page.bring_to_front()
    expect(row.locator(".pill")).to_have_text("running", timeout=20_000)
    assert page.evaluate("window.same") is True
    expect(page.get_by_label("Search names and commands")).to_have_value("sleep")
    elsewhere.get_by_role("button", name="Cancel").click()
    expect(row.locator(".pill")).to_have_text("cancelled", timeout=20_000)


def test_what_users_and_commands_write_is_shown_as_text(page: Page) -> None:
    registers(page)
    command = f"cat <<'END'\n{HOSTILE}\nEND"
    task = creates_by_hand(page, command, name=HOSTILE, tags="<i>tag</i>")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("main .tag").first).to_have_text("<i>tag</i>")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("h1 + .pill")).to_have_text("succeeded", timeout=20_000)
    expect(page.locator("pre.output")).to_contain_text(HOSTILE)
    page.goto("/dashboard/")
    expect(page.get_by_role("rowheader")).to_contain_text(HOSTILE)
    page.goto(f"{task}update/")
    expect(page.get_by_label("Command")).to_have_value(command)
    expect(page.get_by_label("Name")).to_have_value(HOSTILE)
    expect(page).to_have_title(re.compile("^Edit"))
    assert page.locator("main script, main img").count() == 0


def test_times_are_shown_in_the_readers_zone(browser: Browser, product: Product) -> None:
    context = browser.new_context(
        base_url=product.url, timezone_id="Asia/Tokyo", locale="en-GB", viewport=None
    )
    page = context.new_page()
    registers(page)
    page.goto("/task/create/")
    expect(page.locator("#at_zone")).to_have_value("Asia/Tokyo")
    expect(page.locator("#timezone")).to_have_value("Asia/Tokyo")
    page.get_by_label("Command").fill("true")
    page.get_by_label("Date and time", exact=True).fill("2031-05-06T07:08:09")
    page.get_by_role("button", name="Create task").click()
    shown = page.get_by_text("Once,").locator("time")
    expect(shown).to_have_attribute("datetime", "2031-05-05T22:08:09.000Z")
    expect(shown).to_have_attribute("title", "2031-05-05 22:08:09 UTC")
    expect(shown).to_contain_text("7:08")
    context.close()


def test_what_is_next_is_not_called_past_before_its_start_is_reported(page: Page) -> None:
    registers(page)
    page.goto("/task/create/")
    page.get_by_label("Command").fill("true")
    page.get_by_label("Date and time", exact=True).fill("2080-01-01T12:00:00")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    for clock, shown in (("11:59:57", "in 3 s"), ("12:00:03", "now"), ("12:00:10", "10 s ago")):
        page.clock.set_fixed_time(f"2080-01-01T{clock}Z")
        page.goto("/dashboard/")
        expect(page.locator("[data-label='Next run'] time").first).to_have_text(shown)


def test_everything_works_without_javascript(without_scripts: Page) -> None:
    page = without_scripts
    registers(page)
    page.get_by_role("button", name="Run it in 5 seconds").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.goto("/task/create/")
    page.get_by_label("Command").fill("true")
    page.get_by_label("Cron minute hour day").check()
    page.get_by_label("Expression").fill("30 4 * * *")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("Every day at 04:30 (UTC)")).to_be_visible()


@pytest.mark.parametrize("width", [360, 390, 768, 1600])
def test_no_page_is_wider_than_its_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    registers(page)
    long = "unbroken" * 25
    task = creates_by_hand(page, f"echo {long}", name=long[:180], tags=long[:50])
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("h1 + .pill")).to_have_text("succeeded", timeout=20_000)
    run = page.url
    page.goto("/calendar/create/")
    page.get_by_label("Name").fill(long[:100])
    page.get_by_label("Days").fill("2027-12-25")
    page.get_by_role("button", name="Create calendar").click()
    page.goto("/task/create/")
    page.get_by_label("Command").fill("true")
    page.get_by_label("By hand").check()
    page.get_by_text("More: overlap, order").click()
    page.get_by_label("Queue", exact=True).fill(long[:40])
    page.get_by_label("Calendars").fill(long[:100])
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    waits = page.url
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text(long[:40]).first).to_be_visible(timeout=20_000)
    waiting = page.url
    own = (
        f"{task}{part}"
        for part in ("", "update/", "delete/", "due-times/", "backfill/", "versions/")
    )
    page.goto("/concurrency/")
    page.get_by_label("Tag").fill(long[:50])
    page.get_by_label("At once at most", exact=True).fill("2")
    page.get_by_role("button", name="Set the limit").click()
    page.goto("/task/create/")
    page.get_by_label("Command").fill(f"echo {long}")
    page.get_by_label("Every at a fixed rate").check()
    page.get_by_label("Interval").fill("5")
    page.get_by_role("button", name="Create task").click()
    for path in (
        run,
        waits,
        f"{waits}update/",
        waiting,
        "/calendars/",
        page.url,
        *own,
        "/dashboard/",
        "/outages/",
        "/concurrency/",
        "/import/crontab/",
        "/audit/",
    ):
        page.goto(path)
        beyond = pixels_too_wide(page)
        assert beyond <= 0, f"{path} is {beyond} px too wide"
