"""Work that waits, is stuck or cannot be planned."""

from datetime import timedelta

from sqlalchemy import Engine, text

from tests.integration.doctor.conftest import Doctor, bad
from tests.support.rows import database_now, dispatch_all, new_run, new_task
from tests.support.steps import change_run, claim_run, start_run


def test_a_run_that_waits_too_long_is_reported(at_work: Engine, doctor: Doctor) -> None:
    run = new_run(at_work, new_task(at_work))
    dispatch_all(at_work)
    for late, level in ((30, "warning"), (300, "error")):
        change_run(at_work, run, due_at=database_now(at_work) - timedelta(seconds=late))
        _, document = doctor()
        assert "1 queued" in bad(document, level)["runs"]
        assert "overdue" in bad(document, level)["runs"]


def test_what_is_stuck_in_any_state_is_an_error(at_work: Engine, doctor: Doctor) -> None:
    with at_work.connect() as connection:
        worker = connection.execute(text("SELECT id FROM workers")).scalar_one()
    claimed, unconfirmed = (new_run(at_work, new_task(at_work)) for _ in range(2))
    claim_run(at_work, claimed, worker)
    start_run(at_work, unconfirmed, worker)
    waiting = new_run(at_work, new_task(at_work))
    long_ago = database_now(at_work) - timedelta(seconds=300)
    for run, sentence in (
        (waiting, "the oldest scheduled one is 3"),
        (claimed, "the oldest claimed one is 3"),
        (unconfirmed, "the oldest running one without a start on record is 3"),
    ):
        change_run(at_work, run, due_at=long_ago)
        code, document = doctor()
        assert code == 1
        assert sentence in bad(document, "error")["runs"]


def test_due_times_that_are_not_planned_are_an_error(at_work: Engine, doctor: Doctor) -> None:
    long_ago = database_now(at_work) - timedelta(seconds=300)
    new_task(at_work, schedule={"every": 60}, next_due_at=long_ago)
    code, document = doctor()
    assert code == 1
    assert "not planned is 3" in bad(document, "error")["planning"]


def test_tasks_that_cannot_be_planned_are_a_warning(at_work: Engine, doctor: Doctor) -> None:
    new_task(at_work, plan_error="ValueError: no")
    code, document = doctor()
    assert code == 0
    assert bad(document, "warning")["tasks"].startswith("1 cannot be planned")
