"""Parameters over the API: kept with the task, given to a run, refused at their place."""

from typing import Any

import pytest
from sqlalchemy import Engine

from punctual.store.lifecycle.planning.plan import plan
from tests.integration.api.conftest import Person, end_run, start_run
from tests.support.rows import WINDOW, run_row

PARAMS: list[dict[str, Any]] = [
    {"name": "day", "type": "string", "default": "today"},
    {"name": "full", "type": "boolean"},
    {"name": "color", "type": "choice", "choices": ["red", "green"], "required": True},
]


def test_a_task_answers_its_parameters_in_their_order(anna: Person) -> None:
    task = anna.task(params=PARAMS)
    assert task["params"] == PARAMS
    assert anna.task()["params"] is None


def test_a_run_by_hand_takes_values_and_says_which(anna: Person) -> None:
    path = f"/tasks/{anna.task(params=PARAMS)['id']}/run/"
    answer = anna.post(path, json={"params": {"color": "red", "full": True}})
    assert answer.status_code == 202
    assert answer.get_json()["params"] == {"day": "today", "color": "red", "full": True}


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/params/color"),
        ({"color": "blue"}, "/params/color"),
        ({"color": "red", "full": "yes"}, "/params/full"),
        ({"color": "red", "a/b": 1}, "/params/a~1b"),
        ([], "/params"),
    ],
)
def test_values_that_do_not_fit_are_refused_and_make_no_run(
    anna: Person, params: object, pointer: str
) -> None:
    task = anna.task(params=PARAMS)
    answer = anna.post(f"/tasks/{task['id']}/run/", json={"params": params})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert anna.items(f"/tasks/{task['id']}/runs/") == []


def test_a_required_parameter_without_a_default_and_a_schedule_exclude_each_other(
    anna: Person,
) -> None:
    sent = {"command": "true", "params": PARAMS, "schedule": {"every": 60}}
    assert anna.post("/tasks/", json=sent).status_code == 422
    path = f"/tasks/{anna.task(params=PARAMS)['id']}/"
    answer = anna.call("PATCH", path, json={"schedule": {"every": 60}})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/params/2/required"


def test_running_a_run_again_keeps_its_values(anna: Person, engine: Engine) -> None:
    task = anna.task(params=PARAMS)
    given = {"color": "green", "day": "monday"}
    run = anna.post(f"/tasks/{task['id']}/run/", json={"params": given}).get_json()
    start_run(engine, run["id"])
    end_run(engine, run["id"], "failed", 1)
    again = anna.post(f"/runs/{run['id']}/retry/")
    assert again.get_json()["params"] == given
    changed = [{"name": "new", "type": "string", "required": True}]
    anna.call("PATCH", f"/tasks/{task['id']}/", json={"params": changed})
    assert anna.post(f"/runs/{run['id']}/retry/").status_code == 409


def test_runs_by_schedule_have_the_defaults_and_follow_an_edit(
    anna: Person, engine: Engine
) -> None:
    task = anna.task(params=PARAMS[:2], schedule={"every": 20})
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10)
    [run] = anna.items(f"/tasks/{task['id']}/runs/")
    assert run["params"] == {"day": "today"}
    changed = [{"name": "day", "default": "tomorrow"}]
    anna.call("PATCH", f"/tasks/{task['id']}/", json={"params": changed})
    assert run_row(engine, run["id"]).params == {"day": "tomorrow"}
