"""Tasks move only to a team that has room for them and for their unfinished runs."""

from typing import Any

import pytest
from flask import Flask

from tests.integration.api.conftest import Person, register
from tests.integration.api.limits.conftest import Made

TASKS = (
    "ops has 1 of at most 2 tasks, and this would add 2. Delete some that are not needed any more,"
    " or ask an operator to raise PUNCTUAL_MAX_TASKS."
)
RUNS = (
    "ops has 1 of at most 2 runs that have not ended, and this would add 2. Wait until some have"
    " ended, or cancel them, or ask an operator to raise PUNCTUAL_MAX_UNFINISHED_RUNS."
)


def owner_of_ops(app: Flask) -> Person:
    """A user with a second team, which has a task, and a run of it."""
    anna = register(app.test_client(), "anna")
    anna.post("/teams/", json={"slug": "ops", "name": "Ops"})
    task = anna.task(team="ops", overlap="allow")
    assert anna.post(f"/tasks/{task['id']}/run/").status_code == 202
    return anna


def busy_task(anna: Person, runs: int) -> str:
    task: str = anna.task(overlap="allow")["id"]
    for _ in range(runs):
        assert anna.post(f"/tasks/{task}/run/").status_code == 202
    return task


@pytest.mark.parametrize(
    ("limits", "refusal"), [({"max_tasks": 2}, TASKS), ({"max_unfinished_runs": 2}, RUNS)]
)
def test_a_handover_that_would_pass_a_limit_moves_nothing_and_says_it_before(
    made: Made, limits: dict[str, Any], refusal: str
) -> None:
    anna = owner_of_ops(made(**limits))
    tasks = {busy_task(anna, 1) for _ in range(2)}
    path = "/teams/anna/handover/"
    assert anna.post(path, json={"team": "ops"}).get_json()["obstacles"] == [refusal]
    answer = anna.post(path, json={"team": "ops", "dry_run": False})
    assert answer.status_code == 409
    assert [one["detail"] for one in answer.get_json()["errors"]] == [refusal]
    assert {one["id"] for one in anna.items("/tasks/?team=anna")} == tasks
    anna.call("DELETE", f"/tasks/{tasks.pop()}/")
    assert anna.post(path, json={"team": "ops", "dry_run": False}).status_code == 200


def test_a_task_moves_only_with_room_for_its_unfinished_runs(made: Made) -> None:
    anna = owner_of_ops(made(max_unfinished_runs=2))
    fits, other = busy_task(anna, 1), busy_task(anna, 1)
    assert anna.call("PATCH", f"/tasks/{fits}/", json={"team": "ops"}).status_code == 200
    answer = anna.call("PATCH", f"/tasks/{other}/", json={"team": "ops"})
    assert answer.status_code == 422
    assert answer.get_json()["detail"].startswith("ops has 2 runs that have not ended")
    assert anna.get(f"/tasks/{other}/").get_json()["team"] == "anna"
