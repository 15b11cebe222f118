"""A queue that a team may not use: each way to save or run a task there is refused."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Person, end_run, start_run
from tests.integration.api.queues.conftest import close

REFUSED = (
    "The team anna may not use the queue gpu. Choose another one, such as default, or ask an admin"
    " to let the team use it."
)
GPU = {"command": "true", "queue": "gpu"}


def refused(answer: TestResponse, pointer: str = "/queue", detail: str = REFUSED) -> None:
    """The answer is 422, and says at its place what to do."""
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.fixture
def stuck(admin: Person, anna: Person) -> dict[str, Any]:
    """A task in a queue that was closed to its team after it was saved."""
    task = anna.task(queue="gpu", schedule={"every": 3600})
    close(admin, "ben")
    return task


@pytest.fixture(autouse=True)
def ops(anna: Person, ben: Person) -> str:
    """A team of both, which may use the queue where Ben's may."""
    anna.post("/teams/", json={"slug": "ops", "name": "Ops"})
    anna.post("/teams/ops/members/", json={"username": "ben", "role": "owner"})
    return "ops"


def test_no_new_task_is_saved_there_alone_in_bulk_or_changed(
    admin: Person, anna: Person, ben: Person
) -> None:
    close(admin, "BEN")  # in whatever letter case
    refused(anna.post("/tasks/", json=GPU))
    many = {"items": [{"command": "true"}, GPU]}
    refused(anna.post("/tasks/bulk/", json=many), "/items/1/queue")
    path = f"/tasks/{anna.task()['id']}/"
    refused(anna.call("PATCH", path, json={"queue": "gpu"}))
    refused(anna.call("PUT", path, json=GPU))
    assert anna.get(path).get_json()["queue"] == "default"
    assert len(anna.items("/tasks/")) == 1
    assert ben.task(queue="gpu")["queue"] == "gpu"
    close(admin)
    assert anna.task(queue="gpu")["queue"] == "gpu"


def test_a_version_from_before_is_not_restored(admin: Person, anna: Person) -> None:
    path = f"/tasks/{anna.task(queue='gpu')['id']}/"
    anna.call("PATCH", path, json={"queue": "default"})
    close(admin, "ben")
    refused(anna.post(f"{path}versions/1/restore/"))


def test_a_task_that_is_there_is_not_run_nor_backfilled_but_can_be_corrected(
    anna: Person, stuck: dict[str, Any], engine: Engine
) -> None:
    path = f"/tasks/{stuck['id']}/"
    detail = f"Its runs could not start: {REFUSED}"
    refused(anna.post(f"{path}run/"), detail=detail)
    span = {"from": stuck["created_at"], "to": "2100-01-01T00:00:00Z", "dry_run": False}
    refused(anna.post(f"{path}backfill/", json=span), detail=detail)
    assert anna.call("PATCH", path, json={"name": "other"}).status_code == 200
    assert anna.call("PATCH", path, json={"queue": "default"}).status_code == 200
    assert anna.post(f"{path}run/").status_code == 202


def test_a_final_run_is_not_run_again(admin: Person, anna: Person, engine: Engine) -> None:
    task = anna.task(queue="gpu")
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()["id"]
    start_run(engine, run)
    end_run(engine, run)
    close(admin, "ben")
    refused(anna.post(f"/runs/{run}/retry/"), detail=f"Its runs could not start: {REFUSED}")


def test_a_task_moves_only_to_a_team_that_may_use_its_queue(
    admin: Person, ben: Person, anna: Person
) -> None:
    close(admin, "ben", "ops")
    task = ben.task(queue="gpu")
    ben.post("/teams/anna/members/", json={})
    assert ben.call("PATCH", f"/tasks/{task['id']}/", json={"team": "ops"}).status_code == 200
    back = anna.call("PATCH", f"/tasks/{task['id']}/", json={"team": "anna"})
    refused(back)
    both = {"team": "anna", "queue": "default"}
    assert anna.call("PATCH", f"/tasks/{task['id']}/", json=both).status_code == 200


def test_all_tasks_of_a_team_are_handed_over_only_where_their_queues_may_be_used(
    admin: Person, ben: Person
) -> None:
    ben.task(queue="gpu")
    close(admin, "ben")
    report = ben.post("/teams/ben/handover/", json={"team": "ops"}).get_json()
    assert report["obstacles"] == [REFUSED.replace("anna", "ops")]
    answer = ben.post("/teams/ben/handover/", json={"team": "ops", "dry_run": False})
    assert answer.status_code == 409
    assert {task["team"] for task in ben.items("/tasks/")} == {"ben"}


def test_the_default_queue_can_be_closed_too(admin: Person, anna: Person, ben: Person) -> None:
    anna.task()
    close(admin, "ben", queue="default")
    refused(
        anna.post("/tasks/", json={"command": "true"}),
        detail="The team anna may not use the queue default. Choose another one, or ask an admin to"
        " let the team use it.",
    )
    crontab = {"crontab": "0 1 * * * true\n", "dry_run": False}
    assert anna.post("/import/crontab/", json=crontab).status_code == 422
    assert ben.task()["queue"] == "default"
    close(admin, queue="default")
    anna.task()


def test_a_run_that_waits_and_why_say_that_the_team_may_not(
    anna: Person, admin: Person, engine: Engine
) -> None:
    task = anna.task(queue="gpu")
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()["id"]
    close(admin, "ben")
    waits = anna.get(f"/runs/{run}/").get_json()["waiting_for"]
    assert waits == {
        "code": "queue_closed",
        "args": {"queue": "gpu", "team": "anna"},
        "sentence": "team anna may not use queue gpu",
    }
    assert re.search("may not use queue gpu", str(waits))
