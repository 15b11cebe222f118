"""An outage on the pages: a banner, what became of each task, and runs for what was missed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from punctual.store.lifecycle.planning.plan import plan
from punctual.store.outages.outages import note_gap
from tests.integration.api.conftest import run_sql
from tests.integration.api.pages.visitor import Visitor
from tests.support.rows import WINDOW

BACK = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def outage(ann: Visitor, engine: Engine) -> str:
    """An hour that ended just now; ann's task was due every minute and runs none of it."""
    every_minute = {"cron": "* * * * *", "timezone": "UTC"}
    ann.person.task(name="minutely", schedule=every_minute, catch_up="none")
    left = BACK - timedelta(hours=1)
    run_sql(engine, "UPDATE tasks SET next_due_at = :at, schedule_anchor = :at", at=left)
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (:at)", at=left - timedelta(seconds=1))
    with engine.begin() as connection:
        gap = note_gap(connection, min_gap=timedelta(minutes=1), now=BACK)
        plan(connection, window=WINDOW, batch_size=100, now=BACK)
    assert gap is not None
    return str(gap.id)


def test_the_dashboard_shows_it_until_it_is_backfilled(
    ann: Visitor, bob: Visitor, outage: str
) -> None:
    text = ann.get("/dashboard/").text
    assert f'href="/outages/{outage}/"' in text
    assert "of 61 of your due times 60 were missed" in text
    assert outage not in bob.get("/dashboard/").text
    ann.post(f"/outages/{outage}/backfill/", of=f"/outages/{outage}/", all="1")
    assert outage not in ann.get("/dashboard/").text


def test_the_ticked_tasks_are_run(ann: Visitor, outage: str) -> None:
    [task] = ann.person.items("/tasks/")
    page = ann.get(f"/outages/{outage}/").text
    assert f'value="{task["id"]}"' in page
    of = f"/outages/{outage}/"
    ann.post(f"{of}backfill/", of=of, task=[task["id"]])
    text = ann.get(of).text
    assert "60 runs were made." in text
    assert "Run all that was missed" in page
    assert "Run all that was missed" not in text
    backfilled = ann.person.items("/runs/?state=scheduled&limit=200")
    assert sum(run["trigger"] == "backfill" for run in backfilled) == 60
    [event] = ann.person.items("/audit/?action=outage.backfill")
    assert (event["object"]["id"], event["changes"]["runs"]) == (task["id"], [None, 60])


@pytest.mark.parametrize("task", [[], ["x"], [str(uuid.uuid4())]])
def test_a_choice_that_is_none_changes_nothing(ann: Visitor, outage: str, task: list[str]) -> None:
    of = f"/outages/{outage}/"
    assert ann.post(f"{of}backfill/", of=of, task=task).status_code == 302
    assert "flash bad" in (text := ann.get(of).text) or "Tick the tasks first." in text


def test_others_see_none_of_ones_tasks_in_it(bob: Visitor, outage: str) -> None:
    text = bob.get(f"/outages/{outage}/").text
    assert "None of your tasks was due during this outage." in text
    assert "minutely" not in text
    assert bob.get(f"/outages/{uuid.uuid4()}/").status_code == 404
