"""Each task is listed under exactly the status that it answers, whatever kind of task it is."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from punctual.store.tasks.listing import STATUSES
from tests.integration.api.conftest import Person, end_run, run_sql, start_run

HOURLY = {"schedule": {"cron": "0 * * * *"}}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {
    "name": "Always",
    "windows": [{"weekday": day, "start": "00:00", "end": "00:00"} for day in DAYS],
}
SELDOM = {"name": "Seldom", "days": ["2027-12-25"]}
SCHEDULES: dict[str, dict[str, Any]] = {
    "by hand": {},
    "due": HOURLY,
    "blocked for ever": {**HOURLY, "calendars": ["Always"]},
    "blocked now and then": {**HOURLY, "calendars": ["Seldom"]},
    "over": {"schedule": {"cron": "0 0 1 1 *", "end": "2001-01-01T00:00:00Z"}},
    "over, with a calendar": {
        "schedule": {"cron": "0 0 1 1 *", "end": "2001-01-01T00:00:00Z"},
        "calendars": ["Seldom"],
    },
    "by hand, with a calendar": {"calendars": ["Always"]},
}


def no_run(_anna: Person, _engine: Engine, _task: str) -> None:
    """It never ran."""


def waiting_run(anna: Person, _engine: Engine, task: str) -> str:
    run: str = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    return run


def queued_run(anna: Person, engine: Engine, task: str) -> None:
    run = waiting_run(anna, engine, task)
    run_sql(engine, "UPDATE runs SET state = 'queued' WHERE id = :id", id=run)


def running_run(anna: Person, engine: Engine, task: str) -> str:
    run = waiting_run(anna, engine, task)
    start_run(engine, run)
    return run


def retry_that_waits(anna: Person, engine: Engine, task: str) -> None:
    run = running_run(anna, engine, task)
    run_sql(engine, "UPDATE runs SET state = 'scheduled', fence = fence + 1 WHERE id = :id", id=run)


def failed_run(anna: Person, engine: Engine, task: str) -> None:
    end_run(engine, running_run(anna, engine, task), "failed", 1)


def succeeded_run(anna: Person, engine: Engine, task: str) -> None:
    end_run(engine, running_run(anna, engine, task))


def retry_before_a_newer_end(anna: Person, engine: Engine, task: str) -> None:
    retry_that_waits(anna, engine, task)
    failed_run(anna, engine, task)


HISTORIES: tuple[Callable[[Person, Engine, str], object], ...] = (
    *(no_run, waiting_run, queued_run, running_run, retry_that_waits, failed_run),
    *(succeeded_run, retry_before_a_newer_end),
)


@pytest.fixture
def tasks(anna: Person, engine: Engine) -> list[str]:
    """Tasks of every kind: each schedule with each history, paused and not."""
    for calendar in (ALWAYS, SELDOM):
        assert anna.post("/calendars/", json=calendar).status_code == 201
    made = []
    for schedule, history, paused in itertools.product(SCHEDULES, HISTORIES, (False, True)):
        task = anna.task(overlap="allow", **SCHEDULES[schedule])["id"]
        history(anna, engine, task)
        if paused:
            anna.post(f"/tasks/{task}/pause/")
        made.append(task)
    return made


def listed(anna: Person, status: str, *, limit: int) -> list[str]:
    """The ids of every page of the tasks with a status."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        query = {"status": status, "limit": limit} | ({"cursor": cursor} if cursor else {})
        page = anna.get("/tasks/", query_string=query).get_json()
        assert {item["status"] for item in page["items"]} <= {status}
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_each_task_is_listed_under_the_status_it_answers(
    anna: Person, tasks: list[str], limit: int
) -> None:
    answered = {task: anna.get(f"/tasks/{task}/").get_json()["status"] for task in tasks}
    assert {"idle", "scheduled", "queued", "running", "paused", "failed", "succeeded"} == {
        *answered.values()
    }
    for status in STATUSES:
        expected = [task for task in reversed(tasks) if answered[task] == status]
        assert listed(anna, status, limit=limit) == expected, status


def test_a_new_task_answers_the_status_it_is_listed_under(anna: Person) -> None:
    for calendar in (ALWAYS, SELDOM):
        anna.post("/calendars/", json=calendar)
    for values in SCHEDULES.values():
        task = anna.task(**values)
        assert task["id"] in listed(anna, task["status"], limit=50)
