"""The page of all outages: when, how long, what became of one's due times, by task."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.ledger import Reason
from punctual.store.ledger.entries import LedgerEntry, note
from tests.integration.api.conftest import run_sql
from tests.integration.api.pages.visitor import Visitor

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}
RUN_IT = "Run what it left out"


def gone(engine: Engine, *, hours: int, start: datetime = START) -> str:
    """No coordinator was there for so long; answers the outage's id."""
    params = {"id": uuid.uuid4(), "start": start, "end": start + timedelta(hours=hours)}
    run_sql(engine, "INSERT INTO outages (id, from_at, to_at) VALUES (:id, :start, :end)", **params)
    return str(params["id"])


def missed(engine: Engine, who: Visitor, *names: str, times: int = 1) -> list[str]:
    """Have `times` due times of tasks of these names missed in the outage's first hours."""
    tasks = [str(who.person.task(name=name, schedule=HOURLY)["id"]) for name in names]
    due = [START + timedelta(hours=1 + number) for number in range(times)]
    with engine.begin() as connection:
        for task in tasks:
            note(connection, [LedgerEntry(uuid.UUID(task), at, Reason.MISSED) for at in due])
        # A row of the ledger about several due times counts as it is, without runs of their own.
    run_sql(engine, "UPDATE ledger SET times = 2 WHERE reason = 'missed'")
    return tasks


def row(page: str, outage: str) -> str:
    found = re.search(rf'<tr id="outage-{outage}">(.*?)</tr>', page, re.DOTALL)
    assert found, page
    return re.sub(r"\s+", " ", found[1])


def numbers(page: str, outage: str) -> dict[str, int]:
    cells = re.findall(r'data-label="(\w+)" class="number">(\d+)<', row(page, outage))
    return {name: int(number) for name, number in cells}


def test_each_outage_shows_its_length_and_what_became_of_the_due_times(
    ann: Visitor, bob: Visitor, engine: Engine
) -> None:
    outage = gone(engine, hours=5)
    [task] = missed(engine, ann, "feed <b>", times=3)
    page = ann.get("/outages/").text
    assert "for 5 h, until <time" in row(page, outage)
    assert numbers(page, outage) == {"Due": 6, "Late": 0, "Missed": 6, "Backfilled": 0}
    assert f'<a href="/task/{task}/due-times/"><bdi>feed &lt;b&gt;</bdi></a>: 6 missed' in row(
        page, outage
    )
    others = row(bob.get("/outages/").text, outage)
    assert "none of yours was due" in others
    assert "feed" not in others
    assert RUN_IT not in others


def test_it_leads_to_running_what_was_left_out_until_that_is_run(
    ann: Visitor, engine: Engine
) -> None:
    outage = gone(engine, hours=5)
    missed(engine, ann, "feed")
    run_sql(engine, "UPDATE ledger SET until = scheduled_for + interval '1 hour'")
    of = f"/outages/{outage}/"
    assert f'href="{of}#tasks">{RUN_IT}' in row(ann.get("/outages/").text, outage)
    ann.post(f"{of}backfill/", of=of, all="1")
    page = ann.get("/outages/").text
    assert numbers(page, outage)["Backfilled"] == 2
    assert RUN_IT not in page


def test_what_a_deleted_task_missed_is_listed_and_cannot_be_run(
    ann: Visitor, engine: Engine
) -> None:
    outage = gone(engine, hours=5)
    [task] = missed(engine, ann, "feed")
    ann.post(f"/task/{task}/delete/")
    shown = row(ann.get("/outages/").text, outage)
    assert "<bdi>feed</bdi> (deleted): 2 missed" in shown
    assert RUN_IT not in shown
    assert "Run all that was missed" not in ann.get(f"/outages/{outage}/").text


def test_of_many_tasks_those_it_did_most_to_are_named(ann: Visitor, engine: Engine) -> None:
    outage = gone(engine, hours=5)
    missed(engine, ann, "a", "b", "c", "d")
    missed(engine, ann, "worst", times=2)
    shown = row(ann.get("/outages/").text, outage)
    assert re.findall(r"<bdi>(\w+)</bdi></a>: (\d)", shown) == [
        ("worst", "4"),
        ("a", "2"),
        ("b", "2"),
    ]
    assert "and 2 more" in shown


@pytest.mark.parametrize("query", ["", "?before=soon", "?before=9999999999999999999999"])
def test_many_outages_are_shown_page_by_page(ann: Visitor, engine: Engine, query: str) -> None:
    made = [gone(engine, hours=1, start=START - timedelta(hours=2 * n)) for n in range(26)]
    first = ann.get(f"/outages/{query}").text
    assert re.findall(r'<tr id="outage-([^"]+)"', first) == made[:25]
    older = re.search(r'href="([^"]*before=\d+)"', first)
    assert older
    rest = ann.get(older[1]).text
    assert re.findall(r'<tr id="outage-([^"]+)"', rest) == made[25:]
    assert "Newest" in rest


def test_without_any_it_says_what_would_stand_there(ann: Visitor) -> None:
    page = ann.get("/outages/")
    assert "No outage so far." in page.text
    assert 'href="/outages/" aria-current="page"' in page.text
    assert 'href="/outages/"' in ann.get("/dashboard/").text


def test_who_is_not_logged_in_is_sent_to_do_so(ann: Visitor) -> None:
    answer = ann.browser.application.test_client().get("/outages/")
    assert answer.headers["Location"] == "/login/?next=/outages/"
