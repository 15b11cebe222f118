"""What a team may have: the last one allowed, the first one refused, and free again after."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from punctual.ops import telemetry
from tests.integration.api.conftest import Person, register, run_sql
from tests.integration.api.limits.conftest import Made
from tests.integration.api.outages.test_outages import come_back, task_of
from tests.integration.api.pages.visitor import visit

TASK = {"command": "true"}
FULL_OF_TASKS = (
    "anna has 2 tasks, which is the most{}. Delete some that are not needed any more,"
    " or ask an operator to raise PUNCTUAL_MAX_TASKS."
)
FULL_OF_RUNS = (
    "anna has {} runs that have not ended{}. Wait until some have ended, or cancel them,"
    " or ask an operator to raise PUNCTUAL_MAX_UNFINISHED_RUNS."
)


def refused(answer: TestResponse, detail: str) -> None:
    """The answer is the refusal that says this."""
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["detail"] == detail


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        found: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return found


def test_a_team_has_as_many_tasks_as_it_may_and_one_more_for_each_deleted(
    made: Made, engine: Engine
) -> None:
    anna = register(made(max_tasks=2).test_client(), "anna")
    before = telemetry.LIMIT_REFUSALS.labels("tasks")._value.get()
    first, _ = anna.task(), anna.task()
    refused(anna.post("/tasks/", json=TASK), FULL_OF_TASKS.format(""))
    many = anna.post("/tasks/bulk/", json={"items": [TASK] * 2})
    refused(many, FULL_OF_TASKS.format(", and this would add 2"))
    crontab = {"crontab": "0 1 * * * true\n", "dry_run": False}
    refused(anna.post("/import/crontab/", json=crontab), FULL_OF_TASKS.format(""))
    assert telemetry.LIMIT_REFUSALS.labels("tasks")._value.get() == before + 3
    assert anna.call("PATCH", f"/tasks/{first['id']}/", json={"command": "a"}).status_code == 200
    assert anna.call("DELETE", f"/tasks/{first['id']}/").status_code == 204
    anna.task()
    assert count(engine, "tasks WHERE deleted_at IS NULL") == 2


def test_bulk_fills_up_to_the_limit_and_says_how_far_it_is_used(made: Made) -> None:
    anna = register(made(max_tasks=3).test_client(), "anna")
    anna.task()
    refused(
        anna.post("/tasks/bulk/", json={"items": [TASK] * 3}),
        "anna has 1 of at most 3 tasks, and this would add 3. Delete some that are not needed any"
        " more, or ask an operator to raise PUNCTUAL_MAX_TASKS.",
    )
    assert anna.post("/tasks/bulk/", json={"items": [TASK] * 2}).status_code == 201


def test_each_team_has_a_limit_of_its_own_and_a_task_moves_only_where_there_is_room(
    made: Made,
) -> None:
    anna = register(made(max_tasks=1).test_client(), "anna")
    anna.post("/teams/", json={"slug": "ops", "name": "Ops"})
    own = anna.task()
    other = anna.post("/tasks/?team=ops", json=TASK).get_json()
    move = anna.call("PATCH", f"/tasks/{own['id']}/", json={"team": "ops"})
    assert move.status_code == 422
    assert move.get_json()["detail"].startswith("ops has 1 task, which is the most.")
    anna.call("DELETE", f"/tasks/{other['id']}/")
    assert anna.call("PATCH", f"/tasks/{own['id']}/", json={"team": "ops"}).status_code == 200


def test_a_repeated_creation_is_answered_though_the_team_is_full(made: Made) -> None:
    anna = register(made(max_tasks=1).test_client(), "anna")
    once = {"json": TASK, "headers": {"Idempotency-Key": "one"}}
    first = anna.post("/tasks/", **once)
    again = anna.post("/tasks/", **once)
    assert (again.status_code, again.get_json()["id"]) == (201, first.get_json()["id"])


def test_zero_is_no_limit(made: Made) -> None:
    anna = register(made(max_tasks=0, max_unfinished_runs=0, max_tokens=0).test_client(), "anna")
    task = anna.task()
    assert anna.post(f"/tasks/{task['id']}/run/").status_code == 202
    assert anna.post("/tokens/", json={"name": "one"}).status_code == 201


def test_of_requests_at_once_to_two_processes_none_passes_the_limit(
    made: Made, engine: Engine
) -> None:
    apps = [made(max_tasks=5, max_unfinished_runs=7) for _ in range(2)]
    anna = register(apps[0].test_client(), "anna")
    start = threading.Barrier(8)

    def create(app: Flask) -> list[int]:
        own = Person(app.test_client(), anna.username, anna.token, anna.id)
        start.wait()
        return [own.post("/tasks/", json=TASK).status_code for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        codes = [code for found in pool.map(create, apps * 4) for code in found]
    assert sorted(codes) == [201] * 5 + [422] * 19
    assert count(engine, "tasks") == 5
    tasks = [task["id"] for task in anna.items("/tasks/")]

    def run(place: int) -> list[int]:
        client = apps[place % 2].test_client()
        own = Person(client, anna.username, anna.token, anna.id)
        start.wait()
        paths = [f"/tasks/{tasks[(place + n) % 5]}/run/" for n in range(3)]
        return [own.post(path).status_code for path in paths]

    with ThreadPoolExecutor(8) as pool:
        codes = [code for found in pool.map(run, range(8)) for code in found]
    assert sorted(codes) == [202] * 7 + [422] * 17
    assert count(engine, "runs") == 7


def end(engine: Engine, run: dict[str, Any]) -> None:
    run_sql(
        engine,
        "UPDATE runs SET state = 'cancelled', finished_at = now() WHERE id = :id",
        id=uuid.UUID(run["id"]),
    )


def test_runs_are_refused_until_some_have_ended(made: Made, engine: Engine) -> None:
    anna = register(made(max_unfinished_runs=2).test_client(), "anna")
    path = f"/tasks/{anna.task()['id']}/run/"
    ended, _ = anna.post(path).get_json(), anna.post(path).get_json()
    full = FULL_OF_RUNS.format("2", "{}").replace("ended{}", "ended, which is the most{}")
    refused(anna.post(path), full.format(""))
    end(engine, ended)
    assert anna.post(f"/runs/{ended['id']}/retry/").status_code == 202
    refused(anna.post(f"/runs/{ended['id']}/retry/"), full.format(""))
    refused(anna.post(path), full.format(""))


def test_a_backfill_is_made_whole_or_not_at_all(made: Made, engine: Engine) -> None:
    anna = register(made(max_unfinished_runs=3).test_client(), "anna")
    every = {"cron": "*/5 * * * *", "timezone": "UTC"}
    task = anna.task(schedule=every, catch_up="none")
    end_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    run_sql(engine, "UPDATE tasks SET schedule_anchor = :at", at=end_at - timedelta(days=1))
    span = {"from": (end_at - timedelta(minutes=15)).isoformat(), "to": end_at.isoformat()}
    path = f"/tasks/{task['id']}/backfill/"
    refused(
        anna.post(path, json={**span, "dry_run": False}),
        FULL_OF_RUNS.format("0 of at most 3", ", and this would add 4"),
    )
    assert count(engine, "runs") == 0
    made_now = anna.post(path, json={**span, "dry_run": False, "limit": 3})
    assert (made_now.status_code, len(made_now.get_json()["runs"])) == (202, 3)


def test_backfilling_an_outage_past_the_limit_makes_nothing(made: Made, engine: Engine) -> None:
    anna = register(made(max_unfinished_runs=11).test_client(), "anna")
    task_of(anna, engine, catch_up="none")
    path = f"/outages/{come_back(engine)}/backfill/"
    detail = "anna would have more than 11 runs that have not ended, which is the most. Wait until"
    over = anna.post(path, json={"tasks": "all"})
    assert over.status_code == 422
    assert over.get_json()["detail"].startswith(detail)
    assert count(engine, "runs WHERE trigger = 'backfill'") == 0
    assert anna.post(path, json={"tasks": "all", "limit": 11}).status_code == 202
    assert count(engine, "runs WHERE trigger = 'backfill'") == 11


@pytest.mark.parametrize("what", ["task", "crontab", "run"])
def test_pages_say_why_in_a_sentence(made: Made, engine: Engine, what: str) -> None:
    ann = visit(made(max_tasks=1, max_unfinished_runs=1).test_client())
    task = ann.person.task()
    assert ann.person.post(f"/tasks/{task['id']}/run/").status_code == 202
    if what == "task":
        form = {"name": "kept", "command": "true", "kind": "hand"}
        answer = ann.post("/task/create/", **form)
        assert 'value="kept"' in answer.text
    elif what == "crontab":
        form = {"crontab": "0 1 * * * true", "format": "user", "timezone": "UTC", "do": "create"}
        answer = ann.post("/import/crontab/", **form)
    else:
        path = f"/task/{task['id']}/"
        data = {"csrf_token": ann.token(path)}
        answer = ann.browser.post(f"{path}run/", data=data, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    thing = "run that has not ended" if what == "run" else "task"
    sentence = f"{ann.person.username} has 1 {thing}, which is the most."
    assert sentence in re.sub(r"\s+", " ", answer.text)


def test_the_page_of_an_outage_says_it_and_makes_nothing(made: Made, engine: Engine) -> None:
    ann = visit(made(max_unfinished_runs=11).test_client())
    task_of(ann.person, engine, catch_up="none")
    path = f"/outages/{come_back(engine)}/"
    assert ann.post(f"{path}backfill/", of=path, all="1").status_code == 302
    assert "would have more than 11 runs that have not ended" in ann.get(path).text
    assert count(engine, "runs WHERE trigger = 'backfill'") == 0
