"""Outages in a real browser: from the list to the runs that make up for one."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection, create_engine, text

from tests.e2e.test_pages import registers
from tests.support.product import Product

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)


@pytest.fixture
def rows(product: Product) -> Iterator[Connection]:
    """The product's database, to write the past into."""
    engine = create_engine(product.secret("database_url"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_what_an_outage_left_out_is_found_and_run(page: Page, rows: Connection) -> None:
    name = registers(page)
    page.goto("/task/create/")
    page.get_by_label("Command").fill("true")
    page.get_by_label("Name").fill("feed")
    page.get_by_label("Cron minute hour day").check()
    page.get_by_label("Expression").fill("0 * * * *")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    task = uuid.UUID(page.url.rstrip("/").rsplit("/", 1)[1])
    outage = uuid.uuid4()
    params = {"id": outage, "from_at": START, "to_at": START + timedelta(hours=4)}
    rows.execute(
        text("INSERT INTO outages (id, from_at, to_at) VALUES (:id, :from_at, :to_at)"), params
    )
    rows.execute(
        text(
            "INSERT INTO ledger (task_id, scheduled_for, team_id, reason, because, until, times)"
            " SELECT :task, :from_at + interval '1 hour', id, 'missed', 'no coordinator',"
            " :to_at, 4 FROM users WHERE username = :name"
        ),
        {**params, "task": task, "name": name},
    )
    rows.commit()

    page.get_by_role("link", name="Outages").click()
    row = page.locator(f"#outage-{outage}")
    expect(row).to_contain_text("feed: 4 missed")
    row.get_by_role("link", name="Run what it left out").click()
    expect(page).to_have_url(re.compile(f"/outages/{outage}/#tasks$"))
    page.get_by_label("Run what feed missed").check()
    page.get_by_role("button", name="Run the missed due times of the selected tasks").click()
    expect(page.get_by_text("4 runs were made.")).to_be_visible()
    page.get_by_role("link", name="Outages").first.click()
    expect(row.locator("[data-label=Backfilled]")).to_have_text("4")
    expect(row.get_by_role("link", name="Run what it left out")).to_have_count(0)
