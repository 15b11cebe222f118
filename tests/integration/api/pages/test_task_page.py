"""The page of one task."""

import uuid

from sqlalchemy import Engine

from tests.integration.api.pages.visitor import Visitor
from tests.support.rows import new_run


def test_runs_still_to_come_leave_room_for_what_happened(engine: Engine, ann: Visitor) -> None:
    task = ann.person.task(schedule={"every": 2})
    task_id = uuid.UUID(task["id"])
    happened = new_run(engine, task_id, due_in=-30)
    far = [new_run(engine, task_id, due_in=seconds) for seconds in range(100, 130)]
    shown = ann.get(f"/task/{task_id}/").text
    assert str(happened) in shown
    assert not any(str(run_id) in shown for run_id in far)


def test_an_end_grace_of_its_own_is_shown(ann: Visitor) -> None:
    text = "what it started has 5 s to end after it"
    assert text in ann.get(f"/task/{ann.person.task(end_grace=5)['id']}/").text
    assert "to end after it" not in ann.get(f"/task/{ann.person.task()['id']}/").text
