"""Queues, as the doctor finds them: who may use each, and which workers serve it."""

from sqlalchemy import Engine, text

from punctual.store.queues.closed import set_teams
from tests.integration.doctor.conftest import Doctor, bad
from tests.support.rows import new_run, new_task, new_team
from tests.support.steps import new_worker


def found(doctor: Doctor) -> dict[str, str]:
    """What the doctor says of queues, by level."""
    findings = [each for each in doctor()[1]["findings"] if each["check"] == "queues"]
    return {f"{each['level']} {each['detail'].split(':')[0]}": each["detail"] for each in findings}


def test_one_open_queue_is_no_news(at_work: Engine, doctor: Doctor) -> None:
    assert found(doctor) == {}


def test_queues_are_listed_with_teams_and_workers_and_what_is_wrong_is_a_warning(
    at_work: Engine, doctor: Doctor
) -> None:
    team, other = new_team(at_work), new_team(at_work)
    new_worker(at_work, name="w-2", queues=["gpu"])
    new_task(at_work, team_id=team, queue="mail")
    new_run(at_work, new_task(at_work, team_id=other, queue="gpu"), due_in=-5)
    with at_work.begin() as connection:
        set_teams(connection, "gpu", [team])
        slug = connection.execute(
            text("SELECT slug FROM teams WHERE id = :id"), {"id": team}
        ).scalar_one()
    assert found(doctor) == {
        "ok default": "default: for every team, served by w-1 (16 slots)",
        "warning gpu": f"gpu: for {slug}, served by w-2 (16 slots); 1 due run waits whose team may"
        " not use it",
        "warning mail": "mail: for every team, served by no worker: its runs wait; start a worker"
        " with PUNCTUAL_QUEUES",
    }
    assert "queues" not in bad(doctor()[1], "error")
