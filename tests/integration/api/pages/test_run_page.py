"""The page of one run."""

import uuid

from sqlalchemy import Engine

from tests.integration.api.pages.visitor import Visitor
from tests.support.rows import new_run
from tests.support.steps import finish_run, new_worker, start_run


def test_the_page_says_what_a_command_left_behind(engine: Engine, ann: Visitor) -> None:
    task_id = uuid.UUID(ann.person.task(max_retries=1)["id"])
    worker, run_id = new_worker(engine), new_run(engine, task_id)
    finish_run(engine, start_run(engine, run_id, worker), worker, "failed", left_behind=3)
    finish_run(engine, start_run(engine, run_id, worker), worker, "succeeded", left_behind=1)
    shown = ann.get(f"/run/{run_id}/").text
    assert "It left 1 process running, which was ended." in shown
    assert "left 3 processes running, which were ended" in shown


def test_the_page_of_a_run_that_left_nothing_says_nothing_of_it(
    engine: Engine, ann: Visitor
) -> None:
    task_id = uuid.UUID(ann.person.task()["id"])
    worker, run_id = new_worker(engine), new_run(engine, task_id)
    finish_run(engine, start_run(engine, run_id, worker), worker, "succeeded")
    assert "running, which" not in ann.get(f"/run/{run_id}/").text


def test_the_pages_say_who_asked_for_a_run(ann: Visitor, bob: Visitor) -> None:
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    body = {"username": bob.person.username, "role": "operator"}
    ann.person.post("/teams/ops/members/", json=body)
    task = ann.person.task(team="ops")["id"]
    run = bob.person.post(f"/tasks/{task}/run/").get_json()["id"]
    sentence = f"run by hand by <bdi>{bob.person.username}</bdi>"
    assert sentence in ann.get(f"/run/{run}/").text
    assert sentence in ann.get(f"/task/{task}/").text
